#include "client/name_lookup.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <mutex>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <system_error>
#include <thread>
#include <tuple>
#include <utility>

namespace kodama {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

/// As Asio's resolver names them.
error_code to_error(int outcome) {
  switch (outcome) {
  case 0: return {};
  case EAI_AGAIN: return asio::error::host_not_found_try_again;
  case EAI_FAIL: return asio::error::no_recovery;
  case EAI_MEMORY: return asio::error::no_memory;
  case EAI_SERVICE: return asio::error::service_not_found;
  case EAI_SOCKTYPE: return asio::error::socket_type_not_supported;
  case EAI_FAMILY: return asio::error::address_family_not_supported;
  case EAI_SYSTEM: return {errno, boost::system::system_category()};
  default: return asio::error::host_not_found;
  }
}

error_code ask_system(const std::string& host, const std::string& service,
                      name_lookup::endpoints& found) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_protocol = IPPROTO_TCP;
  addrinfo* list = nullptr;
  const auto error =
      to_error(getaddrinfo(host.empty() ? nullptr : host.c_str(), service.c_str(), &hints, &list));
  for (auto each = list; each != nullptr; each = each->ai_next) {
    asio::ip::tcp::endpoint endpoint;
    if (each->ai_addrlen > endpoint.capacity())
      continue;
    std::memcpy(endpoint.data(), each->ai_addr, each->ai_addrlen);
    endpoint.resize(each->ai_addrlen);
    found.push_back(endpoint);
  }
  if (list != nullptr)
    freeaddrinfo(list);
  return error;
}

/// Signals are for the threads of the program, which know what to do with them.
class signals_blocked {
public:
  signals_blocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  signals_blocked(const signals_blocked&) = delete;
  signals_blocked& operator=(const signals_blocked&) = delete;
  ~signals_blocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

private:
  sigset_t before_{};
};

} // namespace

/// Shared with the thread that asks. `asked` and `told` belong to the thread of the context.
struct name_lookup::question {
  std::string host;
  std::string service;

  std::mutex mutex;                    // so that the context does not go while it is told
  asio::io_context* context = nullptr; // once nobody wants to know any more

  bool asked = false;
  answer told;

  void finish(error_code error, endpoints found) {
    asked = false;
    if (const auto waiting = std::exchange(told, {}))
      waiting(error, std::move(found));
  }
};

name_lookup::name_lookup(asio::io_context& context, std::pair<std::string, std::string> server)
    : question_{std::make_shared<question>()} {
  std::tie(question_->host, question_->service) = std::move(server);
  question_->context = &context;
}

name_lookup::~name_lookup() {
  question_->told = {};
  const std::scoped_lock lock{question_->mutex};
  question_->context = nullptr;
}

void name_lookup::start(answer told) {
  question_->told = std::move(told);
  if (std::exchange(question_->asked, true))
    return;
  try {
    const signals_blocked blocked;
    std::thread{[asked = question_] {
      endpoints found;
      const auto error = ask_system(asked->host, asked->service, found);
      const std::scoped_lock lock{asked->mutex};
      if (asked->context != nullptr)
        asio::post(*asked->context, [asked, error, found = std::move(found)]() mutable {
          asked->finish(error, std::move(found));
        });
    }}.detach();
  } catch (const std::system_error& no_thread) {
    asio::post(*question_->context, [asked = question_, code = no_thread.code().value()] {
      asked->finish({code, boost::system::system_category()}, {});
    });
  }
}

void name_lookup::cancel() noexcept {
  question_->told = {};
}

} // namespace kodama
