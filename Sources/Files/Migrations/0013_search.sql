-- The files of one owner whose names match. For owners who have few, so that any plan is good enough: a plan for good, where a search
-- as it stands is planned each time, because a good one depends on the pattern (docs/performance.md). Without the second setting a
-- session that began beside an empty table would keep a plan that reads all of it.
CREATE FUNCTION files_matching(owner bigint, pattern text) RETURNS SETOF files
LANGUAGE plpgsql STABLE ROWS 50 SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
BEGIN
    RETURN QUERY SELECT * FROM files WHERE owner_id = owner AND state <> 'deleting' AND name ILIKE pattern;
END
$$;
