// `weir dead-letters replay`: an endpoint of the configuration works on letters as it works on a
// log, and what becomes of each is read from how its batch ended.
#include "app/build_parts.h"
#include "app/dead_letters_command.h"
#include "app/dead_letters_place.h"
#include "app/event_log.h"
#include "app/find_by_name.h"
#include "pipeline/loki_rewrite.h"
#include "sinks/loki_endpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <ostream>
#include <random>
#include <set>

namespace weir {

namespace {

constexpr std::size_t group_letters_max = 1000;
constexpr std::size_t groups_out_max = 4;
constexpr std::size_t count_letters = 5000;

// What tells entries apart, to recognise one that came back as it was.
std::string key_of(std::string_view labels, const LokiEntry& entry) {
    return fmt::format("{}\n{}\n{}\n{}", labels, entry.timestamp.unix_ns, entry.line,
                       metadata_to_json(entry.metadata));
}

// Only the outcome is told, at the end.
class NoEvents final : public EventSink {
  public:
    void emit(const Event& /*event*/) override {}
};

struct Refusal {
    std::string key;
    std::string reason;
    std::string answer;
};

// Value. How one batch of letters ended.
struct Ended {
    std::uint64_t batch = 0;
    Outcome outcome;
    std::vector<Refusal> refusals;
};

// Resource. Between the command, which offers batches and waits, and the endpoint's thread, for
// which it is the log and the place for dead letters.
class ReplayDesk final : public LogCursor, public DeadLetterSink {
  public:
    void offer(BatchPtr batch) {
        {
            const std::lock_guard lock(mutex_);
            offered_.push_back(std::move(batch));
        }
        ready_.call();
    }

    [[nodiscard]] std::optional<Ended> wait(std::chrono::nanoseconds at_most) {
        std::unique_lock lock(mutex_);
        something_.wait_for(lock, at_most, [this] { return !ended_.empty(); });
        if (ended_.empty()) {
            return std::nullopt;
        }
        Ended ended = std::move(ended_.front());
        ended_.pop_front();
        return ended;
    }

    // Whatever is replayed is old.
    void begin_live() override {}

    [[nodiscard]] BatchPtr take_live() override { return nullptr; }

    [[nodiscard]] BatchPtr take() override {
        const std::lock_guard lock(mutex_);
        if (offered_.empty()) {
            return nullptr;
        }
        BatchPtr batch = std::move(offered_.front());
        offered_.pop_front();
        return batch;
    }

    void settle(const Batch& batch, const Outcome& outcome) override {
        const std::lock_guard lock(mutex_);
        ended_.push_back({batch.id, outcome, std::move(refusals_[batch.id])});
        refusals_.erase(batch.id);
        something_.notify_one();
    }

    void on_ready(std::function<void()> callback) override { ready_.set(std::move(callback)); }

    [[nodiscard]] DeliveryLedger ledger() const override { return {}; }

    [[nodiscard]] std::size_t write(std::span<const DeadLetter> letters) override {
        const std::lock_guard lock(mutex_);
        for (const DeadLetter& letter : letters) {
            refusals_[letter.batch].push_back({key_of(letter.labels, letter.entry),
                                               std::string(reason_name(letter.reason)),
                                               std::string(letter.server_text)});
        }
        return letters.size();
    }

  private:
    std::mutex mutex_;
    std::condition_variable something_;
    std::deque<BatchPtr> offered_;
    std::deque<Ended> ended_;
    std::map<std::uint64_t, std::vector<Refusal>> refusals_;  // of batches that are out
    ReadyCallback ready_;
};

// Value. What came of the letters of one endpoint.
struct ReplayResult {
    std::uint64_t delivered = 0;
    std::map<std::string, std::uint64_t> refused;  // by reason
    std::string trouble;                           // with the table
    std::string why_left;
};

// Resource. The letters of one endpoint, a few groups at a time.
class EndpointReplay {
  public:
    EndpointReplay(DeadLetterDb& db, LetterSelection selection, const Config& config,
                   const HttpEndpointConfig& endpoint)
        : db_(db),
          selection_(std::move(selection)),
          group_bytes_max_(config.logs.batch.bytes_max),
          endpoint_(LokiEndpointParts{.cursor = desk_,
                                      .clock = clock_,
                                      .events = events_,
                                      .dead_letters = &desk_,
                                      .seed = std::random_device{}()},
                    make_loki_options(endpoint, config.logs)) {}

    [[nodiscard]] ReplayResult run(std::chrono::nanoseconds at_most) {
        const std::int64_t deadline_ns = clock_.monotonic_ns() + at_most.count();
        endpoint_.start();
        while (result_.trouble.empty()) {
            offer();
            const std::int64_t left_ns = deadline_ns - clock_.monotonic_ns();
            if (out_.empty() || left_ns <= 0) {
                break;
            }
            if (const std::optional<Ended> ended = desk_.wait(std::chrono::nanoseconds(left_ns))) {
                take_in(*ended);
            }
        }
        endpoint_.stop(std::chrono::milliseconds(0));
        // What was answered while it stopped.
        while (const std::optional<Ended> ended = desk_.wait(std::chrono::nanoseconds(0))) {
            take_in(*ended);
        }
        if (!out_.empty()) {
            const EndpointStatus status = endpoint_.status();
            result_.why_left = fmt::format(
                "{}{}{}", endpoint_state_name(status.state),
                status.state_reason == Reason::none
                    ? ""
                    : fmt::format(" ({})", reason_name(status.state_reason)),
                status.last_error.empty() ? "" : fmt::format(": {}", printable(status.last_error)));
        }
        return result_;
    }

  private:
    using LettersByKey = std::map<std::string, std::int64_t>;

    // The next letters to send: those asked about again, or the next of the table.
    [[nodiscard]] std::vector<StoredLetter> next_letters() {
        LetterSelection wanted = selection_;
        const bool repeated = !again_.empty();
        if (repeated) {
            wanted = {.ids = std::move(again_.front())};
            again_.pop_front();
        }
        Result<std::vector<StoredLetter>> letters =
            db_.read(wanted, repeated ? 0 : last_, group_letters_max);
        if (!letters) {
            result_.trouble = letters.error().message;
            return {};
        }
        std::size_t taken = 0;
        std::size_t bytes = 0;
        while (taken < letters->size() && bytes < group_bytes_max_ &&
               (*letters)[taken].tenant == letters->front().tenant) {
            bytes += (*letters)[taken].entry.line.size();
            ++taken;
        }
        if (repeated && taken < letters->size()) {
            std::vector<std::int64_t> rest;
            std::transform(letters->begin() + static_cast<std::ptrdiff_t>(taken), letters->end(),
                           std::back_inserter(rest),
                           [](const StoredLetter& letter) { return letter.id; });
            again_.push_back(std::move(rest));
        }
        letters->resize(taken);
        if (!repeated && taken > 0) {
            last_ = letters->back().id;
        }
        return std::move(*letters);
    }

    void offer() {
        while (out_.size() < groups_out_max && result_.trouble.empty()) {
            std::vector<StoredLetter> letters = next_letters();
            if (letters.empty() && again_.empty()) {
                return;
            }
            if (!letters.empty()) {
                send(std::move(letters));
            }
        }
    }

    void send(std::vector<StoredLetter> letters) {
        const std::uint64_t id = ++batches_;
        const std::string tenant = letters.front().tenant;
        Timestamp first_received = letters.front().at;
        LettersByKey& keys = out_[id];
        std::map<std::string, LokiStream> streams;
        for (StoredLetter& letter : letters) {
            first_received = std::min(first_received, letter.at);
            keys[key_of(letter.labels, letter.entry)] = letter.id;
            LokiStream& stream = streams[letter.labels];
            stream.labels = letter.labels;
            stream.entries.push_back(std::move(letter.entry));
        }
        LokiPush push;
        for (auto& [labels, stream] : streams) {
            push.streams.push_back(std::move(stream));
        }
        std::unique_ptr<Batch> batch = to_batch(push, first_received);
        batch->id = id;
        batch->tenant = tenant;
        desk_.offer(std::move(batch));
    }

    // An entry that was changed on the way and then refused is not recognised. Then the group is
    // sent again in halves, until a letter is alone: what Loki has already it knows by its bytes.
    void take_in(const Ended& ended) {
        LettersByKey letters = std::move(out_.at(ended.batch));
        out_.erase(ended.batch);
        const std::uint64_t records = letters.size();
        if (ended.outcome.delivered == records) {
            remove(letters);
            return;
        }
        if (records == 1) {
            const auto& dropped = ended.outcome.dropped;
            refused_again(ended.refusals.empty()
                              ? Refusal{{}, dropped.empty() ? "none" : dropped.begin()->first, {}}
                              : ended.refusals.front(),
                          {letters.begin()->second});
            return;
        }
        std::map<std::pair<std::string, std::string>, std::vector<std::int64_t>> by_words;
        LettersByKey others = letters;
        for (const Refusal& refusal : ended.refusals) {
            if (const auto known = others.find(refusal.key); known != others.end()) {
                by_words[{refusal.reason, refusal.answer}].push_back(known->second);
                others.erase(known);
            }
        }
        if (others.size() != ended.outcome.delivered || !ended.outcome.dropped.empty()) {
            halve(letters);
            return;
        }
        remove(others);
        for (const auto& [words, ids] : by_words) {
            refused_again({{}, words.first, words.second}, ids);
        }
    }

    void halve(const LettersByKey& letters) {
        std::vector<std::int64_t> ids;
        for (const auto& [key, id] : letters) {
            ids.push_back(id);
        }
        std::sort(ids.begin(), ids.end());
        const auto middle = ids.begin() + static_cast<std::ptrdiff_t>(ids.size() / 2);
        again_.emplace_back(ids.begin(), middle);
        again_.emplace_back(middle, ids.end());
    }

    void remove(const LettersByKey& letters) {
        std::vector<std::int64_t> ids;
        for (const auto& [key, id] : letters) {
            ids.push_back(id);
        }
        result_.delivered += ids.size();
        if (const Result<std::uint64_t> removed = db_.remove(ids); !removed) {
            result_.trouble = fmt::format("{} letters were delivered but are still there: {}",
                                          ids.size(), removed.error().message);
        }
    }

    void refused_again(const Refusal& refusal, const std::vector<std::int64_t>& ids) {
        result_.refused[refusal.reason] += ids.size();
        if (const Result<void> noted = db_.refused_again(ids, refusal.reason, refusal.answer);
            !noted) {
            result_.trouble = noted.error().message;
        }
    }

    DeadLetterDb& db_;
    const LetterSelection selection_;
    const std::size_t group_bytes_max_;
    const SystemClock clock_;
    NoEvents events_;
    ReplayDesk desk_;
    LokiEndpoint endpoint_;
    std::map<std::uint64_t, LettersByKey> out_;  // by batch
    std::deque<std::vector<std::int64_t>> again_;
    std::int64_t last_ = 0;
    std::uint64_t batches_ = 0;
    ReplayResult result_;
};

Result<std::uint64_t> count(DeadLetterDb& db, const LetterSelection& selection) {
    std::uint64_t letters = 0;
    for (std::int64_t last = 0;;) {
        const Result<std::vector<std::int64_t>> ids = db.find(selection, last, count_letters);
        if (!ids) {
            return tl::unexpected(ids.error());
        }
        if (ids->empty()) {
            return letters;
        }
        letters += ids->size();
        last = ids->back();
    }
}

// Endpoints that have letters of the selection, with their number.
Result<std::map<std::string, std::uint64_t>> count_by_endpoint(DeadLetterDb& db,
                                                               LetterSelection selection) {
    const Result<LetterCounts> all = db.counts();
    if (!all) {
        return tl::unexpected(all.error());
    }
    std::map<std::string, std::uint64_t> found;
    const std::string only = selection.endpoint;
    for (const auto& [key, letters] : *all) {
        if ((!only.empty() && key.first != only) || found.contains(key.first)) {
            continue;
        }
        selection.endpoint = key.first;
        const Result<std::uint64_t> selected = count(db, selection);
        if (!selected) {
            return tl::unexpected(selected.error());
        }
        if (*selected > 0) {
            found[key.first] = *selected;
        }
    }
    return found;
}

// Returns how many of them are left, for whatever reason.
std::uint64_t report(const std::string& endpoint, std::uint64_t selected,
                     const ReplayResult& result, std::ostream& out) {
    std::uint64_t refused = 0;
    std::string reasons;
    for (const auto& [reason, letters] : result.refused) {
        refused += letters;
        reasons += fmt::format("{}{}={}", reasons.empty() ? " (" : " ", reason, letters);
    }
    const std::uint64_t tried = result.delivered + refused;
    const std::uint64_t left = selected > tried ? selected - tried : 0;
    out << fmt::format("{}: {} delivered, {} refused again{}{}, {} not tried or not answered{}\n",
                       endpoint, result.delivered, refused, reasons, reasons.empty() ? "" : ")",
                       left, result.why_left.empty() ? "" : "; " + result.why_left);
    if (!result.trouble.empty()) {
        out << fmt::format("{}: {}\n", endpoint, result.trouble);
    }
    return refused + left + (result.trouble.empty() ? 0 : 1);
}

}  // namespace

int run_dead_letters_replay(const DeadLettersReplayOptions& options, std::ostream& out,
                            std::ostream& messages) {
    if (options.place.config_file.empty()) {
        messages << "weir: replay needs --config: the endpoints are in it\n";
        return 2;
    }
    OpenedPlace place = open_place(options.place, out, messages);
    if (!place.db) {
        return place.exit_status;
    }
    std::uint64_t left = all_are_there(options.selection, *place.db, messages) ? 0 : 1;
    LetterSelection selection = options.selection;
    const Result<std::int64_t> last_id = place.db->last_id();
    selection.last_id = last_id.value_or(0);
    const auto selected = count_by_endpoint(*place.db, selection);
    if (!last_id || !selected) {
        messages << "weir: " << (last_id ? selected.error() : last_id.error()).message << '\n';
        return 1;
    }
    const SystemClock clock;
    const std::int64_t deadline_ns =
        clock.monotonic_ns() + std::chrono::nanoseconds(options.timeout).count();
    auto to_go = static_cast<std::int64_t>(selected->size());
    for (const auto& [name, letters] : *selected) {
        const HttpEndpointConfig* endpoint = find_by_name(place.config->loki, name);
        // One that is away must not take the others' time.
        const std::int64_t share_ns = (deadline_ns - clock.monotonic_ns()) / to_go--;
        if (endpoint == nullptr) {
            out << fmt::format("{}: {} letters stay; {} has no endpoint of that name\n",
                               printable(name), letters, options.place.config_file);
            left += letters;
            continue;
        }
        selection.endpoint = name;
        EndpointReplay replay(*place.db, selection, *place.config, *endpoint);
        left += report(name, letters, replay.run(std::chrono::nanoseconds(share_ns)), out);
    }
    if (selected->empty()) {
        out << "no letters to replay\n";
    }
    static_cast<void>(place.db->give_back());
    return left == 0 ? 0 : 1;
}

}  // namespace weir
