// Compiled from contracts/solidity/TalosAnchor.sol by tools/src/contracts.ts; do not edit.

export const TALOS_ANCHOR_ABI = [
  {
    anonymous: false,
    inputs: [
      { indexed: true, internalType: 'address', name: 'by', type: 'address' },
      { indexed: true, internalType: 'bytes32', name: 'root', type: 'bytes32' },
      { indexed: false, internalType: 'uint64', name: 'size', type: 'uint64' },
    ],
    name: 'Anchored',
    type: 'event',
  },
  {
    inputs: [
      { internalType: 'uint64', name: 'size', type: 'uint64' },
      { internalType: 'bytes32', name: 'root', type: 'bytes32' },
    ],
    name: 'anchor',
    outputs: [],
    stateMutability: 'nonpayable',
    type: 'function',
  },
] as const

/** Code that deploys the contract. */
export const TALOS_ANCHOR_BYTECODE =
  '0x6080604052348015600f57600080fd5b5060ba80601d6000396000f3fe6080604052348015600f57600080fd5b506004361060285760003560e01c8063a685520814602d575b600080fd5b603c60383660046083565b603e565b005b60405167ffffffffffffffff83168152819033907f89a6d921e8e91c18be78a016997c04625db0d36e402bd063eb22521fe39e03c09060200160405180910390a35050565b60008060408385031215609557600080fd5b823567ffffffffffffffff8116811460ac57600080fd5b94602093909301359350505056'
