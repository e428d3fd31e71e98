// Remote write 2.0 (io.prometheus.write.v2.Request, still called experimental by its makers): a
// pure rewrite of a 1.0 request. Every text is told once, in a table; samples are the same.
//
//   Request    4: symbols*, the first one empty   5: TimeSeries*
//   TimeSeries 1: label numbers (packed)   2: Sample*   5: Metadata
//   Sample     1: value   2: timestamp (ms)   3: start timestamp
//   Metadata   1: type   3: number of help   4: number of unit
#pragma once

#include "pipeline/remote_write.h"

#include <functional>
#include <string>
#include <string_view>

namespace weir {

// What is known of a family that the request itself says nothing of; null: nothing.
using FamilyLookup = std::function<const FamilyMetadata*(std::string_view family)>;

// The Request, not compressed. Each series carries the metadata of the family it is named after,
// the request's own before what `lookup` gives. A counter's start is not known to weir and left
// out. Same input, same bytes; series without samples are left out.
[[nodiscard]] std::string encode_write_request_v2_raw(const WriteRequest& request,
                                                      const FamilyLookup& lookup = {});
// The same in a snappy block, as it is sent.
[[nodiscard]] std::string encode_write_request_v2(const WriteRequest& request,
                                                  const FamilyLookup& lookup = {});

}  // namespace weir
