#include "protocol/result.hpp"

#include <string>

namespace kodama {
namespace {

class category final : public boost::system::error_category {
public:
  const char* name() const noexcept override { return "kodama"; }
  std::string message(int code) const override {
    return std::string{to_string(static_cast<errc>(code))};
  }
};

} // namespace

std::string_view to_string(errc code) noexcept {
  switch (code) {
  case errc::normal: return "normal";
  case errc::going_away: return "going_away";
  case errc::taken_over: return "taken_over";
  case errc::keepalive_timeout: return "keepalive_timeout";
  case errc::malformed_message: return "malformed_message";
  case errc::message_too_long: return "message_too_long";
  case errc::too_many_sections: return "too_many_sections";
  case errc::message_id_gap: return "message_id_gap";
  case errc::too_many_unacknowledged: return "too_many_unacknowledged";
  case errc::slow_reader: return "slow_reader";
  case errc::unexpected_message: return "unexpected_message";
  case errc::invalid_topic: return "invalid_topic";
  case errc::topic_too_long: return "topic_too_long";
  case errc::too_many_topics: return "too_many_topics";
  case errc::too_many_connections: return "too_many_connections";
  case errc::too_many_unauthenticated: return "too_many_unauthenticated";
  case errc::connect_timeout: return "connect_timeout";
  case errc::bad_token: return "bad_token";
  case errc::unsupported_version: return "unsupported_version";
  case errc::session_unknown: return "session_unknown";
  case errc::resume_impossible: return "resume_impossible";
  case errc::connection_lost: return "connection_lost";
  case errc::too_many_sessions: return "too_many_sessions";
  case errc::bad_acknowledgement: return "bad_acknowledgement";
  case errc::not_authorized: return "not_authorized";
  case errc::quota_exceeded: return "quota_exceeded";
  case errc::rate_exceeded: return "rate_exceeded";
  }
  return "unknown_reason";
}

bool is_known(errc code) noexcept {
  return to_string(code) != "unknown_reason";
}

const boost::system::error_category& kodama_category() noexcept {
  static const category instance;
  return instance;
}

} // namespace kodama
