/*
 * libvpx's VP8 decoder and encoder as a WebAssembly module: one instance is one of the two, with one buffer for what goes
 * in and what comes out. See script/build-vp8.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "vpx/vp8cx.h"
#include "vpx/vp8dx.h"
#include "vpx/vpx_decoder.h"
#include "vpx/vpx_encoder.h"

#define EXPORT(name) __attribute__((export_name(#name)))

enum { FAILED = -1, RTP_CLOCK = 90000 };

/* There is no environment; without this the C library asks for one. */
char *getenv(const char *name) {
  (void)name;
  return NULL;
}

static uint8_t *buffer;
static size_t buffer_size;

/* Where `size` bytes can be put; null where there is no memory. What was there before is gone. */
EXPORT(reserve) uint8_t *reserve(size_t size) {
  if (size > buffer_size) {
    free(buffer);
    buffer = malloc(size);
    buffer_size = buffer ? size : 0;
  }
  return buffer;
}

static vpx_codec_ctx_t decoder;
static const vpx_image_t *picture;

/* 0, or libvpx's error. */
EXPORT(decoder_open) int decoder_open(void) {
  return vpx_codec_dec_init(&decoder, vpx_codec_vp8_dx(), NULL, 0);
}

/* Decodes what is in the buffer: 1 with a picture, 0 without one, -1 where the frame is damaged. */
EXPORT(decode) int decode(size_t size) {
  vpx_codec_iter_t iterator = NULL;
  int corrupted = 0;
  picture = NULL;
  if (vpx_codec_decode(&decoder, buffer, (unsigned)size, NULL, 0)) return FAILED;
  picture = vpx_codec_get_frame(&decoder, &iterator);
  if (!picture) return 0;
  if (vpx_codec_control(&decoder, VP8D_GET_FRAME_CORRUPTED, &corrupted) || corrupted) return FAILED;
  return 1;
}

EXPORT(picture_width) unsigned picture_width(void) { return picture ? picture->d_w : 0; }
EXPORT(picture_height) unsigned picture_height(void) { return picture ? picture->d_h : 0; }

/* The picture's planes, Y, U, V, one behind the other in the buffer; null where there is none or no memory. */
EXPORT(take_picture) const uint8_t *take_picture(void) {
  if (!picture) return NULL;
  const size_t width = picture->d_w, height = picture->d_h;
  const size_t chroma_width = (width + 1) / 2, chroma_height = (height + 1) / 2;
  uint8_t *to = reserve(width * height + 2 * chroma_width * chroma_height);
  if (!to) return NULL;
  for (int plane = 0; plane < 3; plane++) {
    const size_t columns = plane ? chroma_width : width, rows = plane ? chroma_height : height;
    const uint8_t *from = picture->planes[plane];
    for (size_t row = 0; row < rows; row++, from += picture->stride[plane], to += columns) memcpy(to, from, columns);
  }
  return buffer;
}

static vpx_codec_ctx_t encoder;
static vpx_codec_enc_cfg_t config;
static const uint8_t *packet;
static int packet_is_key;

/* The settings are those of WebRTC's own encoder for a camera. 0, or libvpx's error. */
EXPORT(encoder_open) int encoder_open(unsigned width, unsigned height, unsigned kilobits, int speed) {
  vpx_codec_err_t error = vpx_codec_enc_config_default(vpx_codec_vp8_cx(), &config, 0);
  if (error) return error;
  config.g_w = width;
  config.g_h = height;
  config.g_timebase.num = 1;
  config.g_timebase.den = RTP_CLOCK;
  config.g_error_resilient = VPX_ERROR_RESILIENT_DEFAULT;
  config.g_lag_in_frames = 0;
  config.g_pass = VPX_RC_ONE_PASS;
  config.rc_end_usage = VPX_CBR;
  config.rc_target_bitrate = kilobits;
  config.rc_min_quantizer = 2;
  config.rc_max_quantizer = 63;
  config.rc_undershoot_pct = 100;
  config.rc_overshoot_pct = 15;
  config.rc_buf_initial_sz = 500;
  config.rc_buf_optimal_sz = 600;
  config.rc_buf_sz = 1000;
  /* Who calls decides which frames are left out. */
  config.rc_dropframe_thresh = 0;
  /* Key frames on request only. */
  config.kf_mode = VPX_KF_DISABLED;
  error = vpx_codec_enc_init(&encoder, vpx_codec_vp8_cx(), &config, 0);
  if (error) return error;
  error = vpx_codec_control(&encoder, VP8E_SET_CPUUSED, speed);
  if (!error) error = vpx_codec_control(&encoder, VP8E_SET_STATIC_THRESHOLD, 1);
  if (!error) error = vpx_codec_control(&encoder, VP8E_SET_TOKEN_PARTITIONS, VP8_ONE_TOKENPARTITION);
  /* A key frame is as large as half the buffer's worth of frames at most. */
  if (!error) error = vpx_codec_control(&encoder, VP8E_SET_MAX_INTRA_BITRATE_PCT, 900);
  return error;
}

EXPORT(set_bitrate) int set_bitrate(unsigned kilobits) {
  config.rc_target_bitrate = kilobits;
  return vpx_codec_enc_config_set(&encoder, &config);
}

/* Encodes the planes in the buffer. `at` and `duration` are in the RTP clock. The packet's size, or -1. */
EXPORT(encode) int encode(int key_frame, double at, unsigned duration) {
  vpx_image_t image;
  vpx_codec_iter_t iterator = NULL;
  const vpx_codec_cx_pkt_t *next;
  if (!vpx_img_wrap(&image, VPX_IMG_FMT_I420, config.g_w, config.g_h, 1, buffer)) return FAILED;
  const size_t width = config.g_w, height = config.g_h;
  const size_t chroma_width = (width + 1) / 2, chroma_height = (height + 1) / 2;
  image.stride[VPX_PLANE_Y] = (int)width;
  image.stride[VPX_PLANE_U] = image.stride[VPX_PLANE_V] = (int)chroma_width;
  image.planes[VPX_PLANE_Y] = buffer;
  image.planes[VPX_PLANE_U] = buffer + width * height;
  image.planes[VPX_PLANE_V] = image.planes[VPX_PLANE_U] + chroma_width * chroma_height;
  const vpx_enc_frame_flags_t flags = key_frame ? VPX_EFLAG_FORCE_KF : 0;
  if (vpx_codec_encode(&encoder, &image, (vpx_codec_pts_t)at, duration, flags, VPX_DL_REALTIME)) return FAILED;
  while ((next = vpx_codec_get_cx_data(&encoder, &iterator))) {
    if (next->kind != VPX_CODEC_CX_FRAME_PKT) continue;
    packet = next->data.frame.buf;
    packet_is_key = (next->data.frame.flags & VPX_FRAME_IS_KEY) != 0;
    return (int)next->data.frame.sz;
  }
  return 0;
}

EXPORT(packet_at) const uint8_t *packet_at(void) { return packet; }
EXPORT(packet_key) int packet_key(void) { return packet_is_key; }
