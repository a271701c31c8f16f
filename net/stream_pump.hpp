#pragma once

#include "actors/link.hpp"
#include "net/byte_stream.hpp"
#include "net/connection_counts.hpp"
#include "net/proxy_reader.hpp"
#include "net/shard.hpp"

#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace kodama::net {

/// The half of a stream_link that moves the bytes. It stays for life on the shard that its
/// connection was dealt to, since Asio's streams can't change theirs; whoever owns the link may
/// live on another and speaks to this by orders, which are carried out one after the other
/// (docs/decisions/0012-streams-stay-links-move.md).
///
/// While nothing is under way it holds what its layers hold. What it was given and has not written
/// is bounded by the owner, who asks has_room(). What it has read goes to the owner at once, and it
/// reads on when the owner has had its turn.
class stream_pump final : public byte_stream::user, public readable {
public:
  stream_pump(actors::link_id id, shard& home, connection_counts& counts);
  ~stream_pump() override;

  // From any thread; in the order of the calls, where one happens before the other.
  void start(int descriptor, stream_layers layers);
  void bind(const caf::actor& owner, actors::link::reading how, shard& owners_home);
  void write(bytes&& data);
  /// What was written before still goes, if it does so in time.
  void close();
  /// At once.
  void abandon();

  [[nodiscard]] bool has_room(std::size_t more) const noexcept;
  [[nodiscard]] std::string peer() const;

private:
  enum class phase { opening, open, ending, over };

  struct order {
    enum class kind { start, bind, write, read_on, close, abandon };
    kind what{};
    bytes data;
    caf::actor owner;
    actors::link::reading how{};
    shard* owners_home = nullptr;
    int descriptor = -1;
    stream_layers layers;
  };

  class linger_timer final : public runtime::timer {
  public:
    explicit linger_timer(stream_pump& owner)
        : owner_{owner} {}

  private:
    void fire() override { owner_.cut(); }
    stream_pump& owner_;
  };

  // byte_stream::user
  void on_opened(boost::system::error_code failure) override;
  void on_read(boost::system::error_code failure, byte_view data) override;
  void on_written(boost::system::error_code failure) override;
  void on_ended() override;

  // readable
  std::size_t read() override;

  void give(order&& what);
  void carry_out_all();
  void carry_out(order& what);
  void begin(int descriptor, const stream_layers& layers);
  void handle(const proxy_answer& answer, const stream_layers& layers);
  void open(const stream_layers& layers);
  void rebind(order& what);
  void read_next();
  void read_after_owner();
  void write_next();
  void fail(boost::system::error_code reason);
  void refuse(std::string_view what, std::string_view why, std::uint64_t count);
  void end();
  void discard_input();
  void cut();
  void let_go_later();
  [[nodiscard]] boost::asio::ip::tcp::socket& socket();
  [[nodiscard]] std::shared_ptr<stream_pump> self();

  template <class Message>
  void tell_owner(Message what);

  const actors::link_id id_;
  shard& home_;
  connection_counts& counts_;

  // On home_ alone.
  std::optional<boost::asio::ip::tcp::socket> socket_; ///< until there is a stream
  std::unique_ptr<byte_stream> stream_;
  phase phase_ = phase::opening;
  caf::actor owner_;
  shard* owners_home_ = nullptr;
  actors::link::reading reading_ = actors::link::reading::once;
  bool listens_ = false;
  bool is_reading_ = false; ///< a read is under way, or will be when the owner has had its turn
  bool is_writing_ = false;
  bool closing_ = false;
  boost::system::error_code failure_;
  bytes queued_;
  bytes writing_;
  std::size_t discarded_ = 0;
  linger_timer linger_{*this};
  std::vector<order> carried_out_;

  // From other threads too.
  mutable std::mutex mutex_;
  std::vector<order> orders_;
  bool awake_ = false; ///< home_ knows that there are orders
  std::string peer_;
  std::atomic<std::size_t> unwritten_{0};
  std::atomic<bool> is_gone_{false};
  mutable std::atomic<bool> starved_{false}; ///< somebody was told that there is no room
};

} // namespace kodama::net
