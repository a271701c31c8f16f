#pragma once

#include "protocol/ids.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace kodama::apps::bench {

/// What every payload of the generator begins with, in the machine's own byte order: it comes back
/// to the process that wrote it.
struct stamp {
  std::uint32_t topic = 0;
  std::uint32_t publisher = 0; ///< within its topic
  std::uint64_t sequence = 0;  ///< from 0, of its publisher
  std::int64_t due = 0;        ///< when the schedule wanted it sent: nanoseconds of our clock
};

/// What was wrong with the deliveries of a run; all of it 0 when nothing was.
struct delivery_faults {
  std::uint64_t lost = 0;        ///< overtaken by a later message of the same publisher
  std::uint64_t repeated = 0;    ///< again, or older than one that was delivered
  std::uint64_t disordered = 0;  ///< the server's numbers were not the next ones
  std::uint64_t misdirected = 0; ///< of another topic, or of nobody

  [[nodiscard]] std::uint64_t sum() const noexcept {
    return lost + repeated + disordered + misdirected;
  }
};

/// Judges what one subscriber is delivered: every message once, in the order of each publisher, and
/// with a guarantee also under consecutive MessageIDs and topic sequence numbers. A message that
/// later ones overtook counts as lost, and as repeated should it come after all.
class delivery_check {
public:
  delivery_check(std::uint32_t topic, std::size_t publishers, bool reliable)
      : topic_{topic}
      , reliable_{reliable}
      , next_(publishers) {}

  /// The numbers of the first message.
  void begin(std::uint64_t number, topic_sequence sequence) noexcept {
    next_number_ = number;
    next_sequence_ = sequence;
  }

  /// `number`: the MessageID, or the number without a guarantee; then `sequence` means nothing.
  void take(std::uint64_t number, topic_sequence sequence, const stamp& what,
            delivery_faults& faults) noexcept {
    if (reliable_ ? number != next_number_ || sequence != next_sequence_ : number < next_number_)
      ++faults.disordered;
    next_number_ = number + 1;
    next_sequence_ = sequence + 1;
    if (what.topic != topic_ || what.publisher >= next_.size()) {
      ++faults.misdirected;
      return;
    }
    auto& next = next_[what.publisher];
    if (what.sequence < next) {
      ++faults.repeated;
      return;
    }
    faults.lost += what.sequence - next;
    next = what.sequence + 1;
  }

  /// How many messages of a publisher have arrived or been overtaken.
  [[nodiscard]] std::uint64_t reached(std::size_t publisher) const noexcept {
    return next_[publisher];
  }
  [[nodiscard]] std::uint64_t next_number() const noexcept { return next_number_; }

private:
  std::uint32_t topic_;
  bool reliable_;
  std::uint64_t next_number_ = 1;
  topic_sequence next_sequence_ = 1;
  std::vector<std::uint64_t> next_; // sequence expected, per publisher
};

} // namespace kodama::apps::bench
