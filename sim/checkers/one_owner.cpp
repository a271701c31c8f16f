#include "sim/checkers/one_owner.hpp"

#include "sim/checkers/text.hpp"

#include <utility>

namespace kodama::sim::checkers {

void one_owner::on_attached(instant now, session_key session, std::uint64_t link, duration) {
  auto& known = sessions_[session];
  const auto attached = text("connection ", link, " was attached to ", name_of(session));
  if (const auto [before, added] = links_.try_emplace(link, session); !added)
    violate_once(now, known,
                 text(attached, ", but it carried ", name_of(before->second), " before"));
  else if (known.ended)
    violate_once(
        now, known,
        text(attached, ", but that had ended at ", known.since, ": ", to_string(*known.ended)));
  else if (known.owner)
    violate_once(now, known,
                 text(attached, " while connection ", *known.owner, ", attached at ", known.since,
                      ", still carried it"));
  judge_takeover(now, session, known);
  known.taken = false;
  if (known.attached++ != 0)
    exercise();
  known.owner = known.latest = link;
  known.since = now;
}

void one_owner::on_heard(instant now, session_key session, std::uint64_t link) {
  auto& known = sessions_[session];
  if (known.attached > 1)
    exercise();
  if (known.owner == link && !known.ended)
    return;
  const auto heard =
      text("bytes of connection ", link, " were accepted for ", name_of(session), ", but ");
  if (known.ended)
    violate_once(now, known,
                 text(heard, "that had ended at ", known.since, ": ", to_string(*known.ended)));
  else if (known.owner)
    violate_once(now, known,
                 text(heard, "connection ", *known.owner, " has carried it since ", known.since));
  else if (known.attached != 0)
    violate_once(
        now, known,
        text(heard, "no connection carries it: ", known.latest, " was detached at ", known.since));
  else
    violate_once(now, known, text(heard, "no connection was ever attached to it"));
}

void one_owner::on_session_detached(instant now, session_key session, errc reason) {
  auto& known = sessions_[session];
  judge_takeover(now, session, known);
  known.owner.reset();
  known.since = now;
  known.taken = reason == errc::taken_over;
}

void one_owner::on_session_ended(instant now, session_key session, errc reason) {
  auto& known = sessions_[session];
  judge_takeover(now, session, known);
  known.owner.reset();
  known.since = now;
  known.ended = reason;
}

void one_owner::on_server_stopped(instant now, std::uint32_t life) {
  for (auto at = sessions_.lower_bound({life, 0});
       at != sessions_.end() && at->first.server_life == life; ++at)
    on_session_ended(now, at->first, errc::going_away);
}

void one_owner::on_end(instant now, const std::vector<user_id>&) {
  for (auto& [session, known] : sessions_)
    judge_takeover(now, session, known);
}

void one_owner::judge_takeover(instant now, session_key session, ownership& known) {
  // In one step of the server, so at one instant.
  if (known.taken && now != known.since)
    violate_once(now, known,
                 text("connection ", known.latest, " of ", name_of(session),
                      " was detached as taken over at ", known.since,
                      ", but no other connection was attached then"));
}

void one_owner::violate_once(instant when, ownership& about, std::string what) {
  if (!std::exchange(about.told, true))
    violate(when, std::move(what));
}

} // namespace kodama::sim::checkers
