/** How large a picture may be for the codecs here. */

/** 1920×1088: libvpx holds some ten pictures at a time. Larger ones: `video_too_large`. */
export const MAX_PICTURE_PIXELS = 1920 * 1088;
