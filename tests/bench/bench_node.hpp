#pragma once

#include "actors/link.hpp"
#include "actors/node.hpp"
#include "actors/observer.hpp"
#include "tests/actors/runtime/still_home.hpp"
#include "tests/protocol/test_chance.hpp"

#include <caf/actor_system.hpp>

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace kodama {

class bench_link;

/// A connection that takes everything and keeps nothing of it but the last turn's.
class bench_link final : public actors::link {
public:
  explicit bench_link(actors::link_id id)
      : id_{id} {}

  // actors::link
  actors::link_id id() const noexcept override { return id_; }
  std::string peer() const override { return "192.0.2.1:1"; }
  void bind(const caf::actor& owner, reading) override { owner_ = owner; }
  bytes& output() override { return output_; }
  bool writable() const noexcept override { return true; }
  void close() override { owner_ = nullptr; }

  /// As if read from the socket.
  void receive(byte_view data);

private:
  actors::link_id id_;
  caf::actor owner_;
  bytes output_;
};

/// The whole server, but for its sockets: every actor that production has, on one home.
class bench_node final : actors::wall_clock,
                         actors::datagram_port,
                         actors::gatekeeper,
                         actors::observer {
public:
  bench_node();
  ~bench_node();

  /// Connections that have a native session, and subscribe to `topic` where there is one. False
  /// where one of them got no answer.
  [[nodiscard]] bool connect(std::size_t count, std::string_view topic = {});
  [[nodiscard]] bench_link& at(std::size_t index) { return *links_[index]; }

  [[nodiscard]] runtime::still_home& home() noexcept;
  /// Until nothing is left to do; what was written is dropped, as if it had been sent.
  void run();

private:
  std::uint64_t unix_micros() const override { return 0; }
  void bind(path_id, const caf::actor&) override {}
  void unbind(path_id) override {}
  void send(const address&, byte_view) override {}
  std::optional<actors::account_ptr> identify(const actors::credentials&, const caf::actor&,
                                              std::uint64_t) override {
    return everybody_;
  }

  actors::account_ptr everybody_ = std::make_shared<actors::account>();
  actors::node_options options_;
  test_chance random_{1};
  actors::surroundings surroundings_{*this, random_, *this, *this, *this};
  runtime::still_config config_;
  caf::actor_system system_{config_};
  std::unique_ptr<actors::node> node_;
  std::vector<std::shared_ptr<bench_link>> links_;
};

} // namespace kodama
