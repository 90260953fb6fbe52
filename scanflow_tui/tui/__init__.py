"""The screens: a session's folded state, drawn; keys, turned into commands.

How a screen (a *place*) is added:

1. ``keys.py``: its id and name in ``PLACES``, its actions by ``_own("<place>", ...)`` in
   ``ACTIONS``. Footer, help, palette and docs/keys.md follow from there.
2. ``screens/<place>.py``: ``class XScreen(Place)`` with ``place = "<place>"``; its name in
   ``SCREENS`` of ``screens/__init__.py``. It writes ``compose_body`` (widgets with the class
   ``pane``: ``Rows`` for lists and text, own Line API widgets for drawings; a widget may have
   ``move(direction)``), ``show(update)`` (called after the first paint, after every burst of
   updates, on return and on resize, also where nothing changed; ``self.known.state`` is None while
   loading), ``act_<id>`` for each action (plain or coroutine; a coroutine may
   ``await self.scanflow.confirm(...)`` and ``await self.scanflow.send(command)``),
   ``why_not(action)`` (asked by footer, help and palette), ``crumbs()``, ``status()``, and where
   keys belong to the task ``took_key(key)``.
3. ``present/<place>.py``: pure functions, state → ``rich.text.Text`` rows, styled by the names in
   ``TONES``. Every row passes through ``self.legible`` for ``--ascii``.

``self.say(sentence, tone)`` puts a notice into the footer's row. ``self.scanflow.moves.go("logs")``
goes elsewhere; ``self.scanflow.node`` and ``self.scanflow.run_number`` are what places agree on.
``self.scanflow.now_us()`` is now, or the replay's time. ``self.scanflow.source.read(Ref(...))``
reads bytes, in a coroutine run by ``self.run_worker``. The screen has the classes ``-wide`` (100
columns and more) and ``-small``. Questions: ``widgets/dialog.py`` (``Confirm``, ``Tell``, ``Ask``).
Nothing here imports numpy, PIL or the like before the first paint.
"""
