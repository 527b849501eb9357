/** One vector file to be written: its path below `contracts/vectors` and its contents, plain JSON. */
export interface VectorFile {
  readonly path: string
  readonly file: object
}

/** Generates the vector files of one area; deterministic. */
export type VectorGenerator = () => readonly VectorFile[] | Promise<readonly VectorFile[]>
