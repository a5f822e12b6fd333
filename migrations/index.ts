import { Spine1764000000000 } from "./1764000000000-spine.ts";

/** In order, by name: no globs, so that what runs is what is listed. */
export const MIGRATIONS = [Spine1764000000000];
