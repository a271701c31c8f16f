#pragma once

#include <spdlog/sinks/base_sink.h>

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string_view>

namespace kodama::apps {

/// Where the server's log goes: to a file that others read, a pipe or a terminal mostly. Waits for
/// no reader: lines that find no room are lost and counted, and the next one that finds some is
/// preceded by how many that were. Any thread may log.
class log_sink final : public spdlog::sinks::base_sink<std::mutex> {
public:
  /// `file` stays its owner's, and as it is: others may hold it too, who do not expect writes to
  /// come back. A pipe or a terminal is opened once more for ourselves where that is possible.
  explicit log_sink(int file);
  ~log_sink() override;
  log_sink(const log_sink&) = delete;
  log_sink& operator=(const log_sink&) = delete;

protected:
  void sink_it_(const spdlog::details::log_msg& what) override;
  void flush_() override {}

private:
  /// How much of it found room.
  [[nodiscard]] std::size_t write(std::string_view text) const;

  int own_; ///< opened once more; -1: not
  int file_;
  std::uint64_t lost_ = 0; ///< since the last line that was written
  bool inside_ = false;    ///< the last one was written in part
};

} // namespace kodama::apps
