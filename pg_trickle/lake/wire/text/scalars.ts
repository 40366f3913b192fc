// Numbers, bytes and arrays as PostgreSQL writes them.

/** Shortest text that reads back to the same double, as PostgreSQL's extra_float_digits > 0 gives. */
export function doubleText(value: number): string {
  if (Object.is(value, -0)) return "-0";
  return plusSign(String(value));
}

/** A float4 arrives as a double: its shortest text is the first that rounds back to the same float4. */
export function floatText(value: number): string {
  if (!Number.isFinite(value) || value === 0) return doubleText(value);
  for (let precision = 1; precision <= 9; precision += 1) {
    const text = value.toPrecision(precision);
    if (Math.fround(Number(text)) === value) return doubleText(Number(text));
  }
  return doubleText(value);
}

/** PostgreSQL writes at least two digits of exponent; JavaScript one. */
function plusSign(text: string): string {
  return text.replace(/e([+-])(\d)$/, "e$10$2");
}

export function decimalText(unscaled: bigint, scale: number): string {
  if (scale === 0) return unscaled.toString();
  const sign = unscaled < 0n ? "-" : "";
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, "0");
  return `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

export function uuidText(value: bigint): string {
  const hex = value.toString(16).padStart(32, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

export function byteaText(bytes: Uint8Array): string {
  return `\\x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex")}`;
}

/** One dimension of a PostgreSQL array; elements that are arrays themselves are given as they are. */
export function arrayText(elements: readonly (string | null)[], nested: boolean): string {
  const items = elements.map((element) => {
    if (element === null) return "NULL";
    return nested ? element : quoteElement(element);
  });
  return `{${items.join(",")}}`;
}

function quoteElement(text: string): string {
  const plain = text !== "" && !/[\s,{}"\\]/.test(text) && text.toLowerCase() !== "null";
  return plain ? text : `"${text.replaceAll(/["\\]/g, "\\$&")}"`;
}
