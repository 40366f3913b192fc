// Rows of data files by position, put together for as few scans as is good.

/** Up to so many positions of a file are named one by one. */
export const FEW_POSITIONS = 1000;

export interface PlacesOfFile {
  readonly file: number;
  readonly count: number;
  readonly lowest: bigint;
  readonly highest: bigint;
  /** All of them where they are few, else empty. */
  readonly positions: readonly bigint[];
}

/** So many constants in one statement that reading them does not take longer than the rows. */
const GROUP_POSITIONS = 2000;

export function groupsOf(places: readonly PlacesOfFile[]): readonly (readonly PlacesOfFile[])[] {
  const found: PlacesOfFile[][] = [];
  let room = 0;
  for (const place of places) {
    if (room < place.count) found.push([]);
    room = (room < place.count ? GROUP_POSITIONS : room) - place.count;
    found.at(-1)?.push(place);
  }
  return found;
}

export function positionsOf(places: readonly PlacesOfFile[]): readonly bigint[] {
  return [...new Set(places.flatMap((place) => place.positions))];
}
