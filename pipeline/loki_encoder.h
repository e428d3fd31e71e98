// Pure encoders of Loki's push protocol (logproto.PushRequest) over growing buffers. A
// record's text is copied once, from the receive slot into the open batch, already in this form.
//
//   PushRequest   1: StreamAdapter*
//   StreamAdapter 1: labels (text)   2: EntryAdapter*
//   EntryAdapter  1: Timestamp {1: seconds, 2: nanos}   2: line   3: LabelPairAdapter*
//   LabelPairAdapter 1: name   2: value
#pragma once

#include "core/time.h"
#include "pipeline/wire_buffer.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir {

// Appends one structured-metadata pair as an EntryAdapter field. Both must be valid UTF-8; an empty
// value appends nothing, because Loki drops such pairs anyway.
void append_metadata_pair(std::string_view name, std::string_view value, WireBuffer& out);

// Appends one whole entry as a StreamAdapter field. `metadata` is what append_metadata_pair wrote.
void append_entry(Timestamp timestamp, std::string_view line, std::string_view metadata,
                  WireBuffer& out);

// Appends what stands in front of a stream's entries in a PushRequest: the tag and length of the
// stream and its labels. `entries_bytes` is the sum of what append_entry wrote for it.
void append_stream_header(std::string_view labels, std::size_t entries_bytes, WireBuffer& out);

}  // namespace weir
