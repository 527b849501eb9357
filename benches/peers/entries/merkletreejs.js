export { MerkleTree } from 'merkletreejs'
