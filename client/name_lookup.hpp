#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace kodama {

/// Asks the system for the addresses of one server, and lets nobody wait for it.
///
/// A question to the system (getaddrinfo) cannot be taken back, and hangs for half a minute where
/// no name server answers. Asio's resolver asks from a thread that it joins at the end; here the
/// thread is left to itself, and holds nothing but the question. There is one at a time: whoever
/// asks again meanwhile is told the answer to the question that is under way.
///
/// Used on the thread of `context` alone, which outlives it and on which the answer is given, never
/// from within start(). It does not keep run() from returning.
class name_lookup {
public:
  using endpoints = std::vector<boost::asio::ip::tcp::endpoint>;
  using answer = std::function<void(boost::system::error_code, endpoints)>;

  /// `server`: host and port, as of split_server().
  name_lookup(boost::asio::io_context& context, std::pair<std::string, std::string> server);
  name_lookup(const name_lookup&) = delete;
  name_lookup& operator=(const name_lookup&) = delete;
  ~name_lookup();

  /// Whoever has started it before is not told any more.
  void start(answer told);
  void cancel() noexcept;

private:
  struct question;

  std::shared_ptr<question> question_;
};

} // namespace kodama
