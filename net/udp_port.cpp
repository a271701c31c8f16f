#include "net/udp_port.hpp"

#include "actors/messages.hpp"
#include "protocol/assert.hpp"
#include "protocol/datagram_channel.hpp"

#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <caf/send.hpp>

#include <array>
#include <atomic>
#include <cstring>
#include <map>
#include <mutex>
#include <netinet/in.h>
#include <optional>
#include <shared_mutex>
#include <sys/socket.h>

namespace kodama::net {
namespace {

using boost::asio::ip::udp;

constexpr std::size_t receive_batch = 64;
/// How many are passed on to the other shards before those have had a turn.
constexpr std::size_t passed_on_max = 256;
constexpr std::size_t datagram_size_max = 2048; // an Ethernet frame carries no more

/// What one turn may queue; more than any receiver's socket buffer holds is lost there anyway.
constexpr std::size_t outbox_max = 4096;

sockaddr_storage to_socket_address(const address& from, bool v6, socklen_t& size) {
  sockaddr_storage storage{};
  if (v6) {
    auto& to = reinterpret_cast<sockaddr_in6&>(storage);
    to.sin6_family = AF_INET6;
    to.sin6_port = htons(from.port);
    std::memcpy(&to.sin6_addr, from.ip.data(), 16);
    size = sizeof to;
  } else {
    auto& to = reinterpret_cast<sockaddr_in&>(storage);
    to.sin_family = AF_INET;
    to.sin_port = htons(from.port);
    std::memcpy(&to.sin_addr, from.ip.data() + 12, 4);
    size = sizeof to;
  }
  return storage;
}

address from_socket_address(const sockaddr_storage& storage) {
  address result;
  if (storage.ss_family == AF_INET6) {
    const auto& from = reinterpret_cast<const sockaddr_in6&>(storage);
    std::memcpy(result.ip.data(), &from.sin6_addr, 16);
    result.port = ntohs(from.sin6_port);
  } else {
    const auto& from = reinterpret_cast<const sockaddr_in&>(storage);
    result = make_v4(ntohl(from.sin_addr.s_addr), ntohs(from.sin_port));
  }
  return result;
}

/// As the kernel tells with a datagram to which address it came, and is told from which one to send
/// (IP_PKTINFO): an IPv4 address is mapped into IPv6.
using actors::local_address;

/// What the kernel adds to a datagram.
struct alignas(cmsghdr) control {
  std::array<std::byte, CMSG_SPACE(sizeof(in6_pktinfo))> data;
};

void ask_for_local_addresses(int handle, bool v6) {
  const int yes = 1;
  if (v6)
    ::setsockopt(handle, IPPROTO_IPV6, IPV6_RECVPKTINFO, &yes, sizeof yes);
  else
    ::setsockopt(handle, IPPROTO_IP, IP_PKTINFO, &yes, sizeof yes);
}

std::optional<local_address> read_local_address(msghdr& from) {
  for (auto* each = CMSG_FIRSTHDR(&from); each; each = CMSG_NXTHDR(&from, each)) {
    if (each->cmsg_level == IPPROTO_IPV6 && each->cmsg_type == IPV6_PKTINFO) {
      in6_pktinfo told;
      std::memcpy(&told, CMSG_DATA(each), sizeof told);
      local_address local;
      std::memcpy(local.ip.data(), &told.ipi6_addr, sizeof local.ip);
      local.interface = told.ipi6_ifindex;
      return local;
    }
    if (each->cmsg_level == IPPROTO_IP && each->cmsg_type == IP_PKTINFO) {
      in_pktinfo told;
      std::memcpy(&told, CMSG_DATA(each), sizeof told);
      return local_address{make_v4(ntohl(told.ipi_spec_dst.s_addr), 0).ip, 0};
    }
  }
  return std::nullopt;
}

template <class Info>
void write_control(msghdr& to, control& into, int level, int type, const Info& info) {
  to.msg_control = into.data.data();
  to.msg_controllen = CMSG_SPACE(sizeof info);
  auto* header = CMSG_FIRSTHDR(&to);
  header->cmsg_level = level;
  header->cmsg_type = type;
  header->cmsg_len = CMSG_LEN(sizeof info);
  std::memcpy(CMSG_DATA(header), &info, sizeof info);
}

void write_local_address(msghdr& to, control& into, const local_address& local, bool v6) {
  into = {};
  if (v6) {
    in6_pktinfo info{};
    std::memcpy(&info.ipi6_addr, local.ip.data(), sizeof info.ipi6_addr);
    if (IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr)) // which says nothing without its interface
      info.ipi6_ifindex = local.interface;
    write_control(to, into, IPPROTO_IPV6, IPV6_PKTINFO, info);
  } else {
    in_pktinfo info{};
    std::memcpy(&info.ipi_spec_dst, local.ip.data() + 12, sizeof info.ipi_spec_dst);
    write_control(to, into, IPPROTO_IP, IP_PKTINFO, info);
  }
}

} // namespace

/// Whose each path is, and from which address of ours its datagrams leave. Used by every shard.
class udp_port::path_table {
public:
  explicit path_table(bool on_all_addresses)
      : on_all_addresses_{on_all_addresses} {}

  [[nodiscard]] bool on_all_addresses() const noexcept { return on_all_addresses_; }

  void bind(path_id path, const caf::actor& session) {
    const std::unique_lock lock{mutex_};
    paths_.insert_or_assign(path, path_end{session, std::nullopt});
  }

  void unbind(path_id path) {
    const std::unique_lock lock{mutex_};
    paths_.erase(path);
  }

  void answer_from(path_id path, const local_address& where) {
    const std::unique_lock lock{mutex_};
    if (const auto at = paths_.find(path); at != paths_.end())
      at->second.local = where;
  }

  /// Calls `work` with a function that finds a path's end, or null. One lock for all it finds.
  template <class Work>
  void visit(Work work) const {
    const std::shared_lock lock{mutex_};
    work([this](path_id path) {
      const auto at = paths_.find(path);
      return at == paths_.end() ? nullptr : &at->second;
    });
  }

  struct path_end {
    caf::actor session;
    std::optional<local_address> local; ///< none: not on all addresses, or nothing authentic came
  };

private:
  bool on_all_addresses_;
  mutable std::shared_mutex mutex_;
  std::map<path_id, path_end> paths_;
};

/// The datagrams that one shard sends in one turn.
class udp_port::outbox final : public flushable, public std::enable_shared_from_this<outbox> {
public:
  outbox(int handle, bool v6, std::shared_ptr<path_table> paths, shard& home)
      : handle_{handle}
      , v6_{v6}
      , paths_{std::move(paths)}
      , home_{home} {}

  void push(const address& to, byte_view datagram) {
    if (entries_.size() >= outbox_max)
      return;
    if (entries_.empty())
      home_.flush_later(shared_from_this());
    entry added;
    added.start = data_.size();
    added.size = datagram.size();
    added.to = to_socket_address(to, v6_, added.to_size);
    append(data_, datagram);
    entries_.push_back(added);
  }

  void flush() override {
    headers_.assign(entries_.size(), mmsghdr{});
    parts_.resize(entries_.size());
    for (std::size_t i = 0; i != entries_.size(); ++i) {
      parts_[i] = iovec{data_.data() + entries_[i].start, entries_[i].size};
      headers_[i].msg_hdr.msg_name = &entries_[i].to;
      headers_[i].msg_hdr.msg_namelen = entries_[i].to_size;
      headers_[i].msg_hdr.msg_iov = &parts_[i];
      headers_[i].msg_hdr.msg_iovlen = 1;
    }
    if (paths_->on_all_addresses())
      write_local_addresses();
    std::size_t sent = 0;
    while (sent != headers_.size()) {
      const int count = ::sendmmsg(handle_, headers_.data() + sent,
                                   static_cast<unsigned>(headers_.size() - sent), MSG_DONTWAIT);
      if (count > 0)
        sent += static_cast<std::size_t>(count);
      else if (errno == EAGAIN || errno == EWOULDBLOCK)
        break; // the socket's buffer is full: these are lost, as datagrams may be
      else if (errno != EINTR)
        ++sent; // this one cannot be sent (too long for the path, no route); the next may
    }
    entries_.clear();
    data_.clear();
  }

private:
  void write_local_addresses() {
    controls_.resize(entries_.size());
    paths_->visit([this](auto find) {
      for (std::size_t i = 0; i != entries_.size(); ++i) {
        const auto path =
            datagram_channel::peek_path({data_.data() + entries_[i].start, entries_[i].size});
        if (const auto* end = path ? find(*path) : nullptr; end && end->local)
          write_local_address(headers_[i].msg_hdr, controls_[i], *end->local, v6_);
      }
    });
  }

  struct entry {
    std::size_t start = 0;
    std::size_t size = 0;
    sockaddr_storage to{};
    socklen_t to_size = 0;
  };

  int handle_;
  bool v6_;
  std::shared_ptr<path_table> paths_;
  shard& home_;
  bytes data_;
  std::vector<entry> entries_;
  std::vector<mmsghdr> headers_;
  std::vector<iovec> parts_;
  std::vector<control> controls_;
};

udp::endpoint udp_port::where() const {
  return socket_.local_endpoint();
}

result<std::unique_ptr<udp_port>> udp_port::open(asio_scheduler& scheduler,
                                                 const udp::endpoint& where) {
  udp::socket socket{scheduler.at(0).io()};
  boost::system::error_code failure;
  socket.open(where.protocol(), failure);
  if (!failure && where.protocol() == udp::v6())
    socket.set_option(boost::asio::ip::v6_only{false}, failure);
  if (!failure)
    socket.bind(where, failure);
  if (!failure)
    socket.non_blocking(true, failure);
  if (failure)
    return failure;
  // A path's size is proven with datagrams that may not be cut into fragments (RFC 8899, 3).
  const int probe = IP_PMTUDISC_PROBE;
  ::setsockopt(socket.native_handle(), IPPROTO_IP, IP_MTU_DISCOVER, &probe, sizeof probe);
  if (where.protocol() == udp::v6())
    ::setsockopt(socket.native_handle(), IPPROTO_IPV6, IPV6_MTU_DISCOVER, &probe, sizeof probe);
  if (where.address().is_unspecified())
    ask_for_local_addresses(socket.native_handle(), where.protocol() == udp::v6());
  const int buffer = 4 * 1024 * 1024;
  ::setsockopt(socket.native_handle(), SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
  return std::make_unique<udp_port>(scheduler, std::move(socket));
}

udp_port::udp_port(asio_scheduler& scheduler, udp::socket bound)
    : scheduler_{scheduler}
    , socket_{std::move(bound)}
    , v6_{socket_.local_endpoint().protocol() == udp::v6()}
    , paths_{std::make_shared<path_table>(socket_.local_endpoint().address().is_unspecified())} {
  for (std::size_t i = 0; i != scheduler.size(); ++i)
    outboxes_.push_back(
        std::make_shared<outbox>(socket_.native_handle(), v6_, paths_, scheduler.at(i)));
}

void udp_port::start() {
  wait_readable();
}

void udp_port::close() {
  is_closed_ = true;
  boost::system::error_code ignored;
  socket_.cancel(ignored);
}

void udp_port::bind(path_id path, const caf::actor& session) {
  paths_->bind(path, session);
}

void udp_port::unbind(path_id path) {
  paths_->unbind(path);
}

void udp_port::answer_from(path_id path, const local_address& where) {
  paths_->answer_from(path, where);
}

void udp_port::send(const address& to, byte_view datagram) {
  KODAMA_ASSERT(shard::current());
  outboxes_[shard::current()->index()]->push(to, datagram);
}

void udp_port::wait_readable() {
  if (is_closed_)
    return;
  socket_.async_wait(udp::socket::wait_read, [this](auto failure) {
    if (failure)
      return;
    passed_on_ += receive_all();
    if (passed_on_ < passed_on_max || scheduler_.size() == 1)
      return wait_readable();
    passed_on_ = 0;
    wait_for_others();
  });
}

void udp_port::wait_for_others() {
  // A function that is posted to a shard begins a turn, in which its actors work off what they
  // have; what comes of it is handed over before the answer.
  auto open = std::make_shared<std::atomic<std::size_t>>(scheduler_.size() - 1);
  scheduler_.at(0).when_sent([this, open = std::move(open)] {
    for (std::size_t i = 1; i != scheduler_.size(); ++i)
      boost::asio::post(scheduler_.at(i).io(), [this, open, &there = scheduler_.at(i)] {
        there.when_sent([this, open] {
          if (open->fetch_sub(1) == 1)
            boost::asio::post(scheduler_.at(0).io(), [this] { wait_readable(); });
        });
      });
  });
}

std::size_t udp_port::receive_all() {
  std::array<std::array<std::byte, datagram_size_max>, receive_batch> data;
  std::array<sockaddr_storage, receive_batch> from;
  std::array<iovec, receive_batch> parts;
  std::array<control, receive_batch> controls;
  std::array<mmsghdr, receive_batch> headers{};
  for (std::size_t i = 0; i != receive_batch; ++i) {
    parts[i] = iovec{data[i].data(), data[i].size()};
    headers[i].msg_hdr.msg_name = &from[i];
    headers[i].msg_hdr.msg_namelen = sizeof from[i];
    headers[i].msg_hdr.msg_iov = &parts[i];
    headers[i].msg_hdr.msg_iovlen = 1;
    if (paths_->on_all_addresses()) {
      headers[i].msg_hdr.msg_control = controls[i].data.data();
      headers[i].msg_hdr.msg_controllen = controls[i].data.size();
    }
  }
  // One batch a turn: a flood of datagrams does not keep the TCP connections waiting.
  const int count =
      ::recvmmsg(socket_.native_handle(), headers.data(), receive_batch, MSG_DONTWAIT, nullptr);
  const auto received = static_cast<std::size_t>(std::max(count, 0));
  paths_->visit([&](auto find) {
    for (std::size_t i = 0; i != received; ++i) {
      const byte_view datagram{data[i].data(), headers[i].msg_len};
      const auto path = datagram_channel::peek_path(datagram);
      const auto* end = path ? find(*path) : nullptr;
      if (!end)
        continue;
      caf::anon_send(
          end->session,
          actors::datagram_arrived{
              from_socket_address(from[i]), bytes{datagram.begin(), datagram.end()},
              paths_->on_all_addresses() ? read_local_address(headers[i].msg_hdr) : std::nullopt});
    }
  });
  return received;
}

} // namespace kodama::net
