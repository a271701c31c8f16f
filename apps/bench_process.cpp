#include "apps/bench_process.hpp"

#include "apps/bench_echo.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <ctime>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>

namespace kodama::apps::bench {
namespace {

constexpr int ready_within_ms = 10'000;
/// A server gives its clients five seconds; then it is ended without a word.
constexpr int gone_within_ms = 6'000;

boost::system::error_code last_error() {
  return {errno, boost::system::system_category()};
}

std::optional<duration> read_clock(clockid_t clock) {
  timespec time{};
  if (::clock_gettime(clock, &time) != 0)
    return std::nullopt;
  return std::chrono::seconds{time.tv_sec} + duration{time.tv_nsec};
}

/// Nothing when the line does not come in time, or the writer has gone.
std::string read_line(int pipe) {
  std::string line;
  pollfd wanted{pipe, POLLIN, 0};
  char letter = 0;
  while (::poll(&wanted, 1, ready_within_ms) == 1 && ::read(pipe, &letter, 1) == 1) {
    if (letter == '\n')
      return line;
    line += letter;
  }
  return {};
}

std::optional<std::uint16_t> port_in(std::string_view line) {
  std::uint16_t port = 0;
  const auto digits = line.substr(line.rfind(':') + 1);
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  return read.ec == std::errc{} && port != 0 ? std::optional{port} : std::nullopt;
}

bool wait_for_end(pid_t process, int longest_ms) {
  constexpr timespec pause{0, 5'000'000};
  for (int waited = 0; waited < longest_ms; waited += 5) {
    if (::waitpid(process, nullptr, WNOHANG) != 0)
      return true;
    ::nanosleep(&pause, nullptr);
  }
  return false;
}

void end_process(pid_t process) {
  ::kill(process, SIGTERM);
  if (wait_for_end(process, gone_within_ms))
    return;
  ::kill(process, SIGKILL);
  ::waitpid(process, nullptr, 0);
}

} // namespace

std::optional<duration> cpu_time(pid_t process) {
  // The clock of a process counts nanoseconds, where /proc/PID/stat counts ticks of 10 ms.
  clockid_t clock{};
  if (process == 0) // which would mean ourselves
    return std::nullopt;
  if (::clock_getcpuclockid(process, &clock) != 0)
    return std::nullopt;
  return read_clock(clock);
}

duration own_cpu_time() {
  return read_clock(CLOCK_PROCESS_CPUTIME_ID).value_or(duration{0});
}

std::optional<memory_use> memory_of(pid_t process) {
  std::ifstream file{"/proc/" + std::to_string(process) + "/smaps_rollup"};
  std::string name;
  if (!std::getline(file, name))
    return std::nullopt;
  memory_use use;
  std::size_t kib = 0;
  std::string unit;
  while (file >> name >> kib >> unit) {
    if (name == "Rss:")
      use.resident = kib * 1024;
    else if (name == "Pss:")
      use.proportional = kib * 1024;
    else if (name == "Private_Clean:" || name == "Private_Dirty:")
      use.exclusive += kib * 1024;
  }
  return use;
}

result<server_process> server_process::serve(std::size_t threads, bool mqtt) {
  const auto count = std::to_string(threads);
  return start([&](int pipe) {
    ::dup2(pipe, STDOUT_FILENO);
    // The last port that it names is the one that is meant. Without MQTT the list ends before it.
    ::execl("/proc/self/exe", "kodama", "serve", "--listen", "127.0.0.1:0", "--log-level", "warn",
            "--threads", count.c_str(), mqtt ? "--mqtt" : nullptr, "127.0.0.1:0", nullptr);
  });
}

result<server_process> server_process::echo() {
  return start([](int pipe) {
    run_echo([&](std::uint16_t port) {
      const auto line = "kodama: ready echo=127.0.0.1:" + std::to_string(port) + '\n';
      static_cast<void>(::write(pipe, line.data(), line.size()) < 0);
    });
  });
}

result<server_process> server_process::start(const std::function<void(int)>& child) {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0)
    return last_error();
  const auto parent = ::getpid();
  const auto process = ::fork();
  if (process < 0)
    return last_error();
  if (process == 0) {
    ::close(ends[0]);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() == parent) // otherwise it had died before we asked to die with it
      child(ends[1]);
    ::_exit(1);
  }
  ::close(ends[1]);
  const auto port = port_in(read_line(ends[0]));
  ::close(ends[0]);
  if (!port) {
    end_process(process);
    return make_error_code(boost::system::errc::timed_out);
  }
  return server_process{process, *port};
}

server_process::server_process(pid_t pid, std::uint16_t port)
    : pid_{pid}
    , endpoint_{boost::asio::ip::address_v4::loopback(), port} {}

server_process::server_process(server_process&& other) noexcept
    : pid_{std::exchange(other.pid_, 0)}
    , endpoint_{other.endpoint_} {}

server_process::~server_process() {
  if (pid_ != 0)
    end_process(pid_);
}

} // namespace kodama::apps::bench
