#pragma once
#include <zlib.h>

/// Prepares `stream`, which is all zeros, to inflate a gzip file. `inflateInit2` itself is a macro.
static inline int czlib_inflate_gzip_begin(z_stream *stream) {
    return inflateInit2(stream, 16 + MAX_WBITS);
}
