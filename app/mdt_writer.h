// Writes messages of telemetry as devices do: kvGPB or JSON, and what goes around them on the wire.
// For `weir send mdt`, tests and benchmarks.
#pragma once

#include "core/telemetry.h"

#include <protozero/pbf_writer.hpp>

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

// Resource. One message, written front to back; what begins must end, in order. An object within a
// row is its `keys`, its `content`, or below them.
class MdtWriter {
  public:
    virtual ~MdtWriter() = default;
    MdtWriter(const MdtWriter&) = delete;
    MdtWriter& operator=(const MdtWriter&) = delete;

    virtual void begin_row(std::uint64_t timestamp_ms, bool deleted) = 0;
    virtual void begin_object(std::string_view name) = 0;
    // A list and its items. `anonymous`: as NX-OS writes it, a node with items without a name;
    // otherwise as siblings of one name. JSON has arrays.
    virtual void begin_list(std::string_view name, bool anonymous) = 0;
    virtual void begin_item() = 0;
    // The node without a name that NX-OS puts around the members of an object. JSON has none.
    virtual void begin_anonymous() = 0;
    virtual void end() = 0;

    virtual void text(std::string_view name, std::string_view value) = 0;
    virtual void u32(std::string_view name, std::uint32_t value) = 0;
    virtual void u64(std::string_view name, std::uint64_t value) = 0;  // text in JSON
    virtual void i64(std::string_view name, std::int64_t value) = 0;   // text in JSON
    virtual void f64(std::string_view name, double value) = 0;
    virtual void boolean(std::string_view name, bool value) = 0;

    // Ends the message; `collection_end_ms` is 0 while the collection goes on.
    virtual void finish(std::uint64_t collection_end_ms) = 0;

  protected:
    MdtWriter() = default;
};

// Resource. Appends to `out`, which outlives it.
class MdtKvgpbWriter final : public MdtWriter {
  public:
    MdtKvgpbWriter(const TelemetryHeader& header, std::string& out);
    ~MdtKvgpbWriter() override;

    void begin_row(std::uint64_t timestamp_ms, bool deleted) override;
    void begin_object(std::string_view name) override;
    void begin_list(std::string_view name, bool anonymous) override;
    void begin_item() override;
    void begin_anonymous() override;
    void end() override;
    void text(std::string_view name, std::string_view value) override;
    void u32(std::string_view name, std::uint32_t value) override;
    void u64(std::string_view name, std::uint64_t value) override;
    void i64(std::string_view name, std::int64_t value) override;
    void f64(std::string_view name, double value) override;
    void boolean(std::string_view name, bool value) override;
    void finish(std::uint64_t collection_end_ms) override;

  private:
    // Value. What has begun: a field, or a list of siblings, which is no field itself.
    struct Open {
        bool is_field = false;
        bool anonymous_items = false;
        std::string item_name;
    };

    void push(std::uint32_t tag, std::string_view name);
    [[nodiscard]] protozero::pbf_writer leaf(std::string_view name);

    std::deque<protozero::pbf_writer> writers_;  // the message, and each field that is open
    std::vector<Open> open_;
};

// Resource. Appends to `out`, which outlives it. Rows are in data_json.
class MdtJsonWriter final : public MdtWriter {
  public:
    MdtJsonWriter(const TelemetryHeader& header, std::string& out);

    void begin_row(std::uint64_t timestamp_ms, bool deleted) override;
    void begin_object(std::string_view name) override;
    void begin_list(std::string_view name, bool anonymous) override;
    void begin_item() override;
    void begin_anonymous() override;
    void end() override;
    void text(std::string_view name, std::string_view value) override;
    void u32(std::string_view name, std::uint32_t value) override;
    void u64(std::string_view name, std::uint64_t value) override;
    void i64(std::string_view name, std::int64_t value) override;
    void f64(std::string_view name, double value) override;
    void boolean(std::string_view name, bool value) override;
    void finish(std::uint64_t collection_end_ms) override;

  private:
    void member(std::string_view name);

    std::string& out_;
    std::string closers_;  // what ends each thing that has begun; a blank for nothing
    bool first_ = true;    // no comma in front of the next member
};

// The header of 12 bytes in front of a message over TCP.
void append_mdt_header(TelemetryEncoding encoding, std::size_t message_bytes, std::string& out);

// One MdtDialoutArgs. `total_size` is 0 for data that is whole.
void append_mdt_dialout(std::int64_t req_id, std::string_view data, std::int32_t total_size,
                        std::string& out);

}  // namespace weir
