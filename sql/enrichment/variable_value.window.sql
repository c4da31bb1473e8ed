-- What the asked members bought, by half.
-- inputs: asked_members, member_window
select
    member_window.member_key,
    member_window.member_place,
    member_window.half,
    member_window.kind,
    member_window.value_key,
    member_window.things_count,
from member_window
inner join asked_members on member_window.member_key = asked_members.member_key
where member_window.kind in ('item', 'store')
order by all
