// Compresses a whole file with zstd.
#pragma once

#include "core/result.h"

#include <string>

namespace weir {

// Writes `to` from `from` and syncs it to the disk. `to` is overwritten; after a failure it may be
// there in part. The error names the file.
[[nodiscard]] Result<void> zstd_compress_file(const std::string& from, const std::string& to);

}  // namespace weir
