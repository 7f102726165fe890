// Names that nobody else gives: for requests that are done once, and for this window among others.

/** A key of its own; browsers give crypto.randomUUID to encrypted and local pages only. */
export const newKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** The name of this window, until it is loaded anew. */
export const WINDOW = newKey();
