// The conditions for measuring by their names.

import { t } from "./words.js";

export const GATES = { light: t("light"), card: t("colour card"), scale: t("scale of the photo"), clipping: t("overexposure"), part: t("part seen"), alignment: t("registration"), identity: t("the right product"), sharpness: t("sharpness"), capability: t("capability"), height: t("height"), photo: t("photo file") };
