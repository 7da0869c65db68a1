-- Which sessions a load touches is told by the events that go and come.
drop index session_span;
