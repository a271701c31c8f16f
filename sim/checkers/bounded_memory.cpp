#include "sim/checkers/bounded_memory.hpp"

#include "sim/checkers/text.hpp"

namespace kodama::sim::checkers {

void bounded_memory::on_backlog(instant now, session_key session, std::size_t bytes) {
  exercise();
  if (bytes > session_buffer_max_ && told_.insert(session).second)
    violate(now, text("the server keeps ", bytes, " bytes for ", name_of(session),
                      ", but session_buffer_max is ", session_buffer_max_));
}

void bounded_memory::on_session_opened(instant now, session_key session) {
  exercise();
  open_.insert(session);
  if (open_.size() > sessions_max_ && lives_told_.insert(session.server_life).second)
    violate(now, text(name_of(session), " was opened as the ", open_.size(),
                      "th at once, but sessions_max is ", sessions_max_));
}

void bounded_memory::on_session_ended(instant, session_key session, errc) {
  open_.erase(session);
}

void bounded_memory::on_server_stopped(instant, std::uint32_t life) {
  std::erase_if(open_, [&](const session_key& session) { return session.server_life == life; });
}

} // namespace kodama::sim::checkers
