/** A `_meta` key: a prefix of labels and a slash, and a name; either may be missing. */
export const META_KEY: RegExp =
  /^([A-Za-z]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z]([A-Za-z0-9-]*[A-Za-z0-9])?)*\/)?([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)?$/;
