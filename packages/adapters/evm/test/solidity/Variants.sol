// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// The designs that TalosAnchor was measured against (docs/adr/0024).

/// Keeps the last size of each sender and refuses what does not grow.
contract StoredHead {
    event Anchored(address indexed by, bytes32 indexed root, uint64 size);
    error NotGrowing();

    mapping(address => uint64) public sizeOf;

    function anchor(uint64 size, bytes32 root) external {
        if (size <= sizeOf[msg.sender]) revert NotGrowing();
        sizeOf[msg.sender] = size;
        emit Anchored(msg.sender, root, size);
    }
}

/// Has the sender name the size before, and refuses what does not grow by that.
contract NamedBefore {
    event Anchored(address indexed by, bytes32 indexed root, uint64 size, uint64 before);
    error NotGrowing();

    function anchor(uint64 before, uint64 size, bytes32 root) external {
        if (size <= before) revert NotGrowing();
        emit Anchored(msg.sender, root, size, before);
    }
}

/// One event for each log, in one transaction.
contract EventPerLog {
    event Anchored(address indexed by, bytes32 indexed root, uint64 size);

    function anchor(uint64[] calldata sizes, bytes32[] calldata roots) external {
        for (uint256 index = 0; index < roots.length; ++index) {
            emit Anchored(msg.sender, roots[index], sizes[index]);
        }
    }
}
