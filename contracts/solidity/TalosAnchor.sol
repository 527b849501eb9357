// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Anchors of Talos (contracts/spec/25-anchor.md, clause 25.3)
/// @notice Writes the root of a log of logs into the chain as an event, and does nothing else.
/// @dev No storage, no owner, no proxy, no ether, nothing that can be switched off or changed. What a sender anchors stands
/// under its own address; whether its log only ever grew is read from its events, in their order. Keeping the last size
/// here would cost each anchor more than 5,000 gas, and would not show that a larger log continues the smaller one: that
/// takes a consistency proof, which readers ask for in any case.
contract TalosAnchor {
    /// @param by who sent the transaction
    /// @param root RFC 6962 root of the log of logs
    /// @param size its number of leaves
    event Anchored(address indexed by, bytes32 indexed root, uint64 size);

    /// @notice Anchors the root of the sender's log of logs.
    function anchor(uint64 size, bytes32 root) external {
        emit Anchored(msg.sender, root, size);
    }
}
