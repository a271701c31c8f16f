#pragma once

#include "net/account_gate.hpp"
#include "protocol/result.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace kodama::net {

/// Keeps in a file how many messages each named account has published this month, so that a restart
/// gives nobody a new month.
///
/// One line for each: year and month, count, name ("2026-11 4711 alice"; a control character or a
/// backslash in it as "\x0a"), written anew as a whole
/// and renamed into place. Written every few seconds on a thread of its own, and once more at the
/// end: a crash forgets what was published since.
class usage_file {
public:
  static constexpr std::chrono::seconds interval{5};

  /// Reads what is there. An error names the line that can't be understood.
  [[nodiscard]] static result<void> read(const std::string& file, account_gate& into,
                                         std::string& why);

  usage_file(std::string file, const account_gate& from);
  ~usage_file();

  [[nodiscard]] result<void> write();

private:
  void run();

  std::string file_;
  const account_gate& from_;
  std::string last_; ///< what stands in the file
  std::mutex lock_;
  std::condition_variable wake_;
  bool ending_ = false;
  std::thread thread_;
};

} // namespace kodama::net
