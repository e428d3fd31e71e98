#include "parsers/mdt_dialout.h"

#include <protozero/exception.hpp>
#include <protozero/pbf_reader.hpp>

namespace weir {

namespace {

using protozero::pbf_reader;
using protozero::pbf_wire_type;
using protozero::tag_and_type;

std::string_view view_of(pbf_reader& message) {
    const protozero::data_view view = message.get_view();
    return {view.data(), view.size()};
}

}  // namespace

bool read_mdt_dialout(std::string_view bytes, MdtDialoutArgs& args) {
    args = {};
    pbf_reader message(bytes.data(), bytes.size());
    try {
        while (message.next()) {
            switch (message.tag_and_type()) {
                case tag_and_type(1, pbf_wire_type::varint):
                    args.req_id = message.get_int64();
                    break;
                case tag_and_type(2, pbf_wire_type::length_delimited):
                    args.data = view_of(message);
                    break;
                case tag_and_type(3, pbf_wire_type::length_delimited):
                    args.errors = view_of(message);
                    break;
                case tag_and_type(4, pbf_wire_type::varint):
                    args.total_size = message.get_int32();
                    break;
                default:
                    if (message.tag() <= 4) {
                        return false;
                    }
                    message.skip();
            }
        }
    } catch (const protozero::exception&) {
        return false;
    }
    return true;
}

}  // namespace weir
