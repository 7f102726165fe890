// A border as a closed line of corners, in millimetres of the golden frame.

const side = ([ax, ay], [bx, by], [x, y]) => Math.sign((bx - ax) * (y - ay) - (by - ay) * (x - ax));

export const middle = ([ax, ay], [bx, by]) => [(ax + bx) / 2, (ay + by) / 2];

/** Pairs of edges that cross, each edge by the index of the corner that it begins at; as station/sheet/borders.py. */
export function crossings(corners) {
  const n = corners.length;
  const found = [];
  for (let i = 0; i < n; i += 1) {
    for (let j = i + 2; j < n - (i ? 0 : 1); j += 1) {
      const [a, b, c, d] = [corners[i], corners[i + 1], corners[j], corners[(j + 1) % n]];
      if (side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0) found.push([i, j]);
    }
  }
  return found;
}
