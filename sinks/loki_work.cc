#include "sinks/loki_work.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <optional>

namespace weir {

namespace {

bool claims(const Repair& repair, const LokiStream& stream, const LokiEntry& entry) {
    switch (repair.kind) {
        case RepairKind::truncate:
            return entry.line.size() > repair.limit;
        case RepairKind::clamp_old:
        case RepairKind::replay:
            return entry.timestamp < repair.time;
        case RepairKind::clamp_new:
            return entry.timestamp >= repair.time;
        case RepairKind::fold_all:
            return !entry.metadata.empty();
        case RepairKind::fold_large:
            return metadata_bytes(entry) > repair.limit;
        case RepairKind::fold_many:
            return entry.metadata.size() > repair.limit;
        case RepairKind::dead_letter:
        case RepairKind::sanitise:
            break;
    }
    return std::any_of(
        repair.streams.begin(), repair.streams.end(),
        [&stream](const std::string& named) { return same_stream(stream.labels, named); });
}

// Where a repair moves the timestamps of its entries: to the receive time, unless the server's
// clock says that this is ahead as well.
Timestamp clamp_target(const Repair& repair, const RepairContext& context) {
    return repair.server_now ? std::min(context.received, *repair.server_now) : context.received;
}

// A repair that would do nothing new: it was made before, or its aim is refused as well. The others
// leave nothing that the same complaint could claim again: a cut line fits, folded metadata is
// gone.
bool is_hopeless(const Repair& repair, const RepairContext& context) {
    switch (repair.kind) {
        case RepairKind::dead_letter:
            return true;
        case RepairKind::sanitise:
            return (context.applied & repair_bit(RepairKind::sanitise)) != 0;
        case RepairKind::replay:
            return context.replay;
        case RepairKind::clamp_old:
            return context.received < repair.time;
        case RepairKind::clamp_new:
            return clamp_target(repair, context) >= repair.time;
        default:
            return false;
    }
}

// Sorts and rewrites the entries of one request.
class Repairer {
  public:
    Repairer(const std::vector<Repair>& repairs, const RepairContext& context)
        : repairs_(repairs), context_(context) {
        result_.applied = context.applied;
        matched_.assign(repairs.size(), false);
        // What the server finds too much once would be too much again.
        metadata_allowed_ = (context.applied & folds_) == 0;
        for (const Repair& repair : repairs) {
            metadata_allowed_ = metadata_allowed_ && (repair_bit(repair.kind) & folds_) == 0;
            if (repair.kind == RepairKind::truncate) {
                line_bytes_max_ = static_cast<std::size_t>(repair.limit);
            }
        }
    }

    void stream(LokiStream stream) {
        by_stream_claimed(stream);
        LokiStream changed{stream.labels, {}};
        LokiStream replay{stream.labels, {}};
        LokiStream rest{stream.labels, {}};
        bool sanitise = false;
        for (LokiEntry& entry : stream.entries) {
            const std::uint32_t kinds = choose(stream, entry);
            if (kinds == ended_) {
                continue;
            }
            if (kinds == 0) {
                rest.entries.push_back(std::move(entry));
                continue;
            }
            result_.applied |= kinds;
            sanitise = sanitise || (kinds & repair_bit(RepairKind::sanitise)) != 0;
            rewrite(entry, kinds);
            LokiStream& to = (kinds & repair_bit(RepairKind::replay)) != 0 ? replay : changed;
            to.entries.push_back(std::move(entry));
        }
        if (sanitise) {
            sanitise_labels(changed);
        }
        if (!replay.entries.empty()) {
            set_stream_label(replay, context_.replay_label, context_.replay_value);
        }
        keep(std::move(changed), result_.changed);
        keep(std::move(replay), result_.replay);
        keep(std::move(rest), result_.rest);
    }

    [[nodiscard]] RepairedPush result() {
        result_.all_matched = std::find(matched_.begin(), matched_.end(), false) == matched_.end();
        return std::move(result_);
    }

  private:
    static constexpr std::uint32_t ended_ = ~0U;
    static constexpr std::uint32_t folds_ = repair_bit(RepairKind::fold_all) |
                                            repair_bit(RepairKind::fold_large) |
                                            repair_bit(RepairKind::fold_many);

    static void keep(LokiStream stream, LokiPush& push) {
        if (!stream.entries.empty()) {
            push.streams.push_back(std::move(stream));
        }
    }

    // Comparing label texts is dear, so repairs by stream are settled once for its entries.
    void by_stream_claimed(const LokiStream& stream) {
        stream_claims_.assign(repairs_.size(), false);
        for (std::size_t i = 0; i < repairs_.size(); ++i) {
            const RepairKind kind = repairs_[i].kind;
            if (kind == RepairKind::dead_letter || kind == RepairKind::sanitise) {
                stream_claims_[i] = claims(repairs_[i], stream, {});
            }
        }
    }

    [[nodiscard]] bool claimed_by(std::size_t i, const LokiStream& stream,
                                  const LokiEntry& entry) const {
        const RepairKind kind = repairs_[i].kind;
        const bool by_stream = kind == RepairKind::dead_letter || kind == RepairKind::sanitise;
        return by_stream ? stream_claims_[i] : claims(repairs_[i], stream, entry);
    }

    // The kinds of repair to make on the entry; `ended_` if it has been put away.
    [[nodiscard]] std::uint32_t choose(const LokiStream& stream, LokiEntry& entry) {
        std::uint32_t kinds = 0;
        Reason reason = Reason::none;
        const Repair* hopeless = nullptr;
        for (std::size_t i = 0; i < repairs_.size(); ++i) {
            if (!claimed_by(i, stream, entry)) {
                continue;
            }
            matched_[i] = true;
            if (is_hopeless(repairs_[i], context_)) {
                hopeless = &repairs_[i];
                continue;
            }
            kinds |= repair_bit(repairs_[i].kind);
            reason = repairs_[i].reason;
            if (repairs_[i].kind == RepairKind::clamp_old ||
                repairs_[i].kind == RepairKind::clamp_new) {
                clamp_to_ = clamp_target(repairs_[i], context_);
            }
        }
        if (hopeless != nullptr) {
            end(stream, std::move(entry), hopeless->reason);
            return ended_;
        }
        if (kinds != 0) {
            ++result_.repaired[reason];
        }
        return kinds;
    }

    void end(const LokiStream& stream, LokiEntry entry, Reason reason) {
        const auto same = [reason](const auto& part) { return part.first == reason; };
        auto part = std::find_if(result_.ended.begin(), result_.ended.end(), same);
        if (part == result_.ended.end()) {
            part = result_.ended.insert(result_.ended.end(), {reason, LokiPush{}});
        }
        std::vector<LokiStream>& streams = part->second.streams;
        if (streams.empty() || streams.back().labels != stream.labels) {
            streams.push_back({stream.labels, {}});
        }
        streams.back().entries.push_back(std::move(entry));
    }

    void rewrite(LokiEntry& entry, std::uint32_t kinds) {
        constexpr std::uint32_t clamps =
            repair_bit(RepairKind::clamp_old) | repair_bit(RepairKind::clamp_new);
        // In this order, since each may give the next more to do.
        if ((kinds & clamps) != 0) {
            // One nanosecond apart: Loki takes equal lines at one time for one line.
            clamp_timestamp(entry, {clamp_to_.unix_ns + clamped_});
            ++clamped_;
        }
        if ((kinds & folds_) != 0) {
            fold_metadata(entry);
        }
        truncate_line(entry, line_bytes_max_, metadata_allowed_);
    }

    const std::vector<Repair>& repairs_;
    const RepairContext& context_;
    RepairedPush result_;
    std::vector<bool> stream_claims_;
    std::vector<bool> matched_;
    std::size_t line_bytes_max_ = std::numeric_limits<std::size_t>::max();
    Timestamp clamp_to_;
    std::int64_t clamped_ = 0;
    bool metadata_allowed_ = true;
};

}  // namespace

RepairedPush apply_repairs(LokiPush push, const std::vector<Repair>& repairs,
                           const RepairContext& context) {
    Repairer repairer(repairs, context);
    for (LokiStream& stream : push.streams) {
        repairer.stream(std::move(stream));
    }
    return repairer.result();
}

void label_for_replay(LokiPush& push, std::string_view name, std::string_view value) {
    for (LokiStream& stream : push.streams) {
        set_stream_label(stream, name, value);
    }
}

void append_push(LokiPush& push, LokiPush more) {
    push.streams.insert(push.streams.end(), std::make_move_iterator(more.streams.begin()),
                        std::make_move_iterator(more.streams.end()));
}

}  // namespace weir
