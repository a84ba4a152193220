/** Boxes around what is in front of the camera; the page's slider says how sure it has to be. */
export { default } from "../../video/objects.ts";
