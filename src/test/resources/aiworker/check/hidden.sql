-- Code that statements call without naming it, by operators and casts that fit better than those built in.
CREATE TYPE public.color AS ENUM ('red', 'blue');
CREATE TYPE public.shade AS ENUM ('red', 'blue');
CREATE TYPE public.pair AS (a int, b int);
CREATE TYPE public.couple AS (a int, b int);
CREATE TABLE public.paint (c public.color, s public.shade, p public.pair, q public.couple, n int, t text, b boolean);
INSERT INTO public.paint VALUES ('red', 'blue', '(1,2)', '(3,4)', 1, 'x', true);
CREATE FUNCTION public.to_shade(public.color) RETURNS public.shade LANGUAGE plpgsql IMMUTABLE AS
    'BEGIN PERFORM public.leave_trace(1); RETURN $1::text::public.shade; END';
CREATE CAST (public.color AS public.shade) WITH FUNCTION public.to_shade(public.color) AS IMPLICIT;
CREATE FUNCTION public.to_couple(public.pair) RETURNS public.couple LANGUAGE plpgsql VOLATILE AS
    'BEGIN PERFORM public.leave_trace(1); RETURN ROW(1, 2)::public.couple; END';
CREATE CAST (public.pair AS public.couple) WITH FUNCTION public.to_couple(public.pair) AS IMPLICIT;
-- One of each kind: immutable by its word, with its owner's rights, volatile.
CREATE FUNCTION public.lies(int, text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS
    'BEGIN PERFORM public.leave_trace(1); RETURN true; END';
CREATE FUNCTION public.lends(text, int) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER AS
    'BEGIN PERFORM public.leave_trace(1); RETURN true; END';
CREATE FUNCTION public.writes(int, boolean) RETURNS boolean LANGUAGE plpgsql VOLATILE AS
    'BEGIN PERFORM public.leave_trace(1); RETURN true; END';
DO $$
DECLARE
    operator text;
BEGIN
    FOREACH operator IN ARRAY ARRAY['=', '<>', '<', '<=', '>', '>=', '~~', '!~~', '~~*', '!~~*', '~', '!~', '~*', '@>', '->', '+', '%'] LOOP
        EXECUTE format('CREATE OPERATOR public.%s (LEFTARG = int, RIGHTARG = text, FUNCTION = public.lies)', operator);
        EXECUTE format('CREATE OPERATOR public.%s (LEFTARG = text, RIGHTARG = int, FUNCTION = public.lends)', operator);
        EXECUTE format('CREATE OPERATOR public.%s (LEFTARG = int, RIGHTARG = boolean, FUNCTION = public.writes)', operator);
    END LOOP;
END
$$;
-- Columns with code in their types, which runs where values are made of text.
CREATE TYPE public.traced_pair AS (f1 tracing, f2 text);
CREATE TABLE public.marked (id int, mark tracing, marks tracing[], pair public.traced_pair, type regtype);
