import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/**
 * Creates the function `operation_due`, which locks the runs that a worker takes next: first those whose worker died, then
 * queued ones, interactive before background, lane by lane from behind the one that was served last, one run of each lane in a
 * round.
 *
 * It is a function because a worker asks many times a second: in one round trip it goes from lane to lane on the index, as far
 * as it must and no farther. It never scans the table, whatever the planner believes: with a plan that was made while the table
 * was small and kept while it grew, each claim took half a second.
 */
export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    CREATE FUNCTION operation_due(
      priorities smallint[], types text[], places integer[], after text[], most integer
    ) RETURNS TABLE (id uuid, turn integer, lane_slot integer)
    LANGUAGE plpgsql VOLATILE ROWS 8
    SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off AS $$
    #variable_conflict use_column
    DECLARE
      taken uuid[] := '{}';
      seats text[] := '{}';
      reached text[] := after;
      wrapped boolean[];
      over boolean[];
      count_before integer;
      level smallint;
      seat integer;
      head record;
    BEGIN
      FOR head IN
        SELECT r.id FROM operation_runs r
        WHERE r.status = 'running' AND r.lease_until < now() AND r.attempt + 1 < r.max_attempts
          AND (r.deadline IS NULL OR r.deadline > now()) AND r.cancel_requested_at IS NULL AND r.type = ANY(types)
        ORDER BY r.lease_until LIMIT most FOR UPDATE SKIP LOCKED
      LOOP
        taken := taken || head.id;
        id := head.id; turn := 0; lane_slot := NULL;
        RETURN NEXT;
      END LOOP;

      FOREACH level IN ARRAY ARRAY[0, 1]::smallint[] LOOP
        <<rounds>>
        LOOP
          count_before := cardinality(taken);
          wrapped := array_fill(false, ARRAY[cardinality(types)]);
          over := wrapped;
          -- One round: every lane has one turn, and the types take turns in it.
          WHILE false = ANY(over) LOOP
            FOR g IN 1 .. cardinality(types) LOOP
              EXIT rounds WHEN cardinality(taken) >= most;
              IF priorities[g] <> level THEN over[g] := true; END IF;
              CONTINUE WHEN over[g];

              head := NULL;
              SELECT q.lane, q.available_at INTO head FROM operation_runs q
              WHERE q.status = 'queued' AND q.priority = level AND q.type = types[g] AND q.lane > reached[g]
                AND (NOT wrapped[g] OR q.lane <= after[g])
              ORDER BY q.lane, q.available_at LIMIT 1;
              IF head.lane IS NULL AND NOT wrapped[g] THEN
                wrapped[g] := true; reached[g] := '';
                SELECT q.lane, q.available_at INTO head FROM operation_runs q
                WHERE q.status = 'queued' AND q.priority = level AND q.type = types[g] AND q.lane <= after[g]
                ORDER BY q.lane, q.available_at LIMIT 1;
              END IF;
              IF head.lane IS NULL THEN
                over[g] := true;
                CONTINUE;
              END IF;
              reached[g] := head.lane;
              CONTINUE WHEN head.available_at > now();

              seat := NULL;
              IF places[g] > 0 THEN
                -- Whoever else looks at this lane at this moment would give its places to other runs.
                CONTINUE WHEN NOT pg_try_advisory_xact_lock(hashtextextended(types[g] || ' ' || head.lane, 0));
                SELECT min(s) INTO seat FROM generate_series(1, places[g]) s
                WHERE types[g] || ' ' || s || ' ' || head.lane <> ALL(seats) AND NOT EXISTS (
                  SELECT FROM operation_runs b
                  WHERE b.status = 'running' AND b.type = types[g] AND b.lane = head.lane AND b.lane_slot = s);
                CONTINUE WHEN seat IS NULL;
              END IF;

              SELECT q.id INTO id FROM operation_runs q
              WHERE q.status = 'queued' AND q.priority = level AND q.type = types[g] AND q.lane = head.lane
                AND q.available_at <= now() AND q.id <> ALL(taken)
              ORDER BY q.available_at, q.id LIMIT 1 FOR UPDATE SKIP LOCKED;
              CONTINUE WHEN id IS NULL;

              taken := taken || id;
              IF seat IS NOT NULL THEN seats := seats || (types[g] || ' ' || seat || ' ' || head.lane); END IF;
              turn := cardinality(taken); lane_slot := seat;
              RETURN NEXT;
            END LOOP;
          END LOOP;
          EXIT WHEN cardinality(taken) = count_before;
        END LOOP;
      END LOOP;
    END $$`
})
