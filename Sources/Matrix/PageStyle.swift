/// What the page looks like. Verdicts have a colour, a mark and a word each.
enum PageStyle {
    static let css = """
        :root {
          color-scheme: light dark;
          --page: #f6f7f9; --card: #ffffff; --sunk: #f0f2f5; --line: #d5dae1; --text: #1c2430; --soft: #525d6d;
          --focus: #0b57d0; --link: #0b57d0;
          --passed: #13692f; --passed-back: #e0f3e5; --differs: #4a3bb0; --differs-back: #eae7fb;
          --failed: #a51d16; --failed-back: #fde5e2; --timed_out: #854a00; --timed_out-back: #fdeed8;
          --absent: #525d6d; --absent-back: #e8ebef; --missing: #525d6d; --missing-back: #e8ebef;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --page: #10141a; --card: #181e26; --sunk: #0f1319; --line: #2f3947; --text: #e6eaf0; --soft: #a3afbf;
            --focus: #8ab4f8; --link: #8ab4f8;
            --passed: #7ed99a; --passed-back: #14351f; --differs: #b9aefc; --differs-back: #2a2455;
            --failed: #ff9d94; --failed-back: #4a1613; --timed_out: #f5b969; --timed_out-back: #402a0b;
            --absent: #a3afbf; --absent-back: #262e39; --missing: #a3afbf; --missing-back: #262e39;
          }
        }
        * { box-sizing: border-box; }
        html { scroll-padding-top: 1rem; }
        body {
          margin: 0 auto; padding: 0 1.25rem 3rem; max-width: 76rem; background: var(--page); color: var(--text);
          font: 16px/1.5 system-ui, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
        }
        a { color: var(--link); }
        :focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; border-radius: 4px; }
        .hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
        .skip { position: absolute; left: 1rem; top: -4rem; padding: .5rem 1rem; background: var(--card); z-index: 2; }
        .skip:focus { top: .5rem; }
        .icon { width: 1em; height: 1em; flex: none; vertical-align: -.12em; }
        .passed { --ink: var(--passed); --back: var(--passed-back); }
        .differs { --ink: var(--differs); --back: var(--differs-back); }
        .failed { --ink: var(--failed); --back: var(--failed-back); }
        .timed_out { --ink: var(--timed_out); --back: var(--timed_out-back); }
        .absent { --ink: var(--absent); --back: var(--absent-back); }
        .missing { --ink: var(--missing); --back: var(--missing-back); }
        header { padding: 2.25rem 0 .5rem; }
        .product { margin: 0; color: var(--soft); font-weight: 600; letter-spacing: .04em; text-transform: uppercase; font-size: .8rem; }
        h1 { margin: 0 0 1rem; font-size: 2rem; line-height: 1.2; letter-spacing: -.01em; }
        h2 { margin: 2.5rem 0 .25rem; font-size: 1.3rem; }
        h3 { margin: 1.5rem 0 .5rem; font-size: 1rem; font-weight: 650; }
        h4 { margin: 1rem 0 .35rem; font-size: .875rem; color: var(--soft); font-weight: 600; }
        .note { margin: 0 0 .75rem; color: var(--soft); }
        .headline {
          display: flex; gap: .75rem; align-items: center; margin: 0; padding: .9rem 1.1rem; border-radius: .75rem;
          background: var(--back); color: var(--ink); font-size: 1.15rem; font-weight: 650;
        }
        .headline .icon { width: 1.5rem; height: 1.5rem; }
        .counts { display: flex; flex-wrap: wrap; gap: .5rem; margin: .9rem 0; padding: 0; list-style: none; }
        .counts li {
          display: inline-flex; gap: .45rem; align-items: center; padding: .3rem .8rem; border-radius: 99rem;
          border: 1px solid var(--line); background: var(--card);
        }
        .counts .icon, .missing-cells .icon { color: var(--ink); }
        .facts { display: flex; flex-wrap: wrap; gap: .75rem 2rem; margin: 1rem 0 0; }
        .facts dt { color: var(--soft); font-size: .8rem; }
        .facts dd { margin: 0; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
        .filter { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; margin: 1.25rem 0 0; padding: 0; border: 0; }
        .filter legend { float: left; margin-right: 1.5rem; padding: 0; font-weight: 600; }
        .filter label { display: inline-flex; gap: .5rem; align-items: center; min-height: 1.75rem; }
        .filter input { width: 1.1rem; height: 1.1rem; margin: 0; accent-color: var(--focus); }
        body:has(#show-bad:checked) :is(.cell, .group):not(.bad) { display: none; }
        body:has(#show-bad:checked) .mark:is(.passed, .differs, .absent) { opacity: .35; }
        .scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: .75rem; background: var(--card); }
        .matrix { width: 100%; border-collapse: collapse; }
        .matrix th, .matrix td { padding: .8rem 1rem; text-align: left; vertical-align: top; }
        .matrix thead th { padding-block: .6rem; color: var(--soft); font-size: .85rem; font-weight: 600; background: var(--sunk); white-space: nowrap; }
        .matrix tbody tr { border-top: 1px solid var(--line); }
        .matrix tbody th { white-space: nowrap; font-weight: 650; }
        .matrix td { border-left: 1px solid var(--line); }
        .suite + .suite { margin-top: .6rem; }
        .suite .name { display: block; margin-bottom: .2rem; color: var(--soft); font-size: .8rem; }
        .marks { display: flex; flex-wrap: wrap; gap: .3rem; margin: 0; padding: 0; list-style: none; }
        .mark {
          display: grid; place-items: center; width: 1.9rem; height: 1.9rem; border-radius: .4rem;
          background: var(--back); color: var(--ink); text-decoration: none; transition: transform .1s;
        }
        .mark:hover { outline: 2px solid var(--ink); }
        .timings figure { margin: 0 0 1rem; padding: .9rem 1rem 1rem; border: 1px solid var(--line); border-radius: .75rem; background: var(--card); }
        .timings figcaption { margin-bottom: .6rem; color: var(--soft); font-size: .9rem; overflow-wrap: anywhere; }
        .timeline { display: block; width: 100%; overflow: visible; }
        .timeline rect, .bar rect { fill: var(--ink); }
        .timeline rect { stroke: var(--card); stroke-width: 1; }
        .timeline .tick { stroke: var(--line); }
        .timeline text { fill: var(--soft); font-size: 12px; }
        .cell { margin: .4rem 0; border: 1px solid var(--line); border-radius: .6rem; background: var(--card); }
        .cell > summary {
          display: grid; grid-template-columns: 13.5rem minmax(0, 1fr) auto 10rem; gap: .25rem 1rem; align-items: center;
          padding: .55rem .9rem; cursor: pointer; list-style: none; border-radius: .6rem;
        }
        .cell > summary::-webkit-details-marker { display: none; }
        .cell > summary:hover { background: var(--sunk); }
        .badge {
          display: inline-flex; gap: .45rem; align-items: center; justify-self: start; padding: .12rem .65rem; border-radius: 99rem;
          background: var(--back); color: var(--ink); font-size: .875rem; font-weight: 600; white-space: nowrap;
        }
        .cell > summary .badge::before {
          content: ""; width: .4rem; height: .4rem; margin-right: .1rem; border: solid currentColor; border-width: 0 2px 2px 0;
          transform: rotate(-45deg);
        }
        .cell[open] > summary .badge::before { transform: translateY(-.1rem) rotate(45deg); }
        .variant { font-weight: 600; overflow-wrap: anywhere; }
        .where { color: var(--soft); font-size: .9rem; margin-left: .35rem; }
        .measure { color: var(--soft); font-size: .9rem; text-align: right; }
        .time { display: grid; grid-template-columns: 1fr 5rem; gap: .6rem; align-items: center; text-align: right; font-size: .9rem; font-variant-numeric: tabular-nums; white-space: nowrap; }
        .bar { width: 100%; display: block; }
        .bar .rail { fill: var(--absent-back); }
        .body { padding: .1rem 1rem 1rem; border-top: 1px solid var(--line); scroll-margin-top: 5rem; }
        .body:target { box-shadow: inset 3px 0 0 var(--focus); }
        .reasons { margin: 0; padding-left: 1.2rem; overflow-wrap: anywhere; }
        pre { margin: 0; font: 13px/1.5 ui-monospace, "SF Mono", "DejaVu Sans Mono", Menlo, monospace; }
        .command { padding: .6rem .8rem; border-radius: .5rem; background: var(--sunk); white-space: pre-wrap; overflow-wrap: anywhere; }
        .log { max-height: 26rem; overflow: auto; padding: .7rem .8rem; border-radius: .5rem; background: var(--sunk); white-space: pre-wrap; overflow-wrap: anywhere; }
        .more { margin-top: .75rem; }
        .more > summary { display: inline-block; padding: .15rem .2rem; color: var(--link); cursor: pointer; }
        .more > summary::before { content: "+ "; font-family: ui-monospace, monospace; }
        .more[open] > summary::before { content: "\\2212 "; }
        .tests { width: 100%; margin-top: .75rem; border-collapse: collapse; font-size: .9rem; }
        .tests caption { padding-bottom: .25rem; text-align: left; color: var(--soft); font-weight: 600; }
        .tests th, .tests td { padding: .25rem .6rem .25rem 0; border-top: 1px solid var(--line); text-align: left; font-weight: 400; vertical-align: top; }
        .tests thead th { color: var(--soft); }
        .tests th[scope=row] { width: 100%; overflow-wrap: anywhere; }
        .missing-cells { padding: 0; list-style: none; overflow-wrap: anywhere; }
        footer { margin-top: 3rem; color: var(--soft); font-size: .9rem; }
        @media (max-width: 50rem) {
          body { padding-inline: .9rem; }
          header { padding-top: 1.25rem; }
          h1 { font-size: 1.6rem; }
          .facts { display: grid; grid-template-columns: 1fr 1fr; gap: .6rem 1rem; }
          .matrix, .matrix tbody, .matrix tr, .matrix th, .matrix td { display: block; border: 0; }
          .matrix thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
          .matrix tbody tr + tr { border-top: 1px solid var(--line); }
          .matrix tbody th { padding: .8rem 1rem 0; font-size: 1.05rem; }
          .matrix td { padding: .5rem 1rem .8rem; }
          .matrix td::before { content: attr(data-engine); display: block; margin-bottom: .25rem; font-weight: 600; font-size: .9rem; }
          .matrix td.empty { display: none; }
          .mark { width: 2.1rem; height: 2.1rem; }
          .cell > summary { grid-template-columns: minmax(0, 1fr) auto; }
          .what { grid-column: 1 / -1; grid-row: 1; }
          .where { display: block; margin: 0; }
          .measure { grid-column: 1 / -1; text-align: left; }
          .time { grid-template-columns: 3.5rem auto; }
        }
        @media (prefers-reduced-motion: reduce) { .mark { transition: none; } }
        @media (forced-colors: active) { .mark, .badge, .headline { border: 1px solid; } }
        @media print { .scroll { overflow: visible; } .log { max-height: none; } }
        """

    /// The marks of the verdicts.
    static let icons = """
        <svg width="0" height="0" class="hidden" aria-hidden="true"><defs>
        <symbol id="icon-passed" viewBox="0 0 16 16"><path d="M3 8.5l3.2 3.2L13 4.9" fill="none" stroke="currentColor" \
        stroke-width="2.2" stroke-linecap="round" stroke-linejoin="round"/></symbol>
        <symbol id="icon-differs" viewBox="0 0 16 16"><path d="M3 6h10M3 10.4h10M10.6 3l-5.2 10.4" fill="none" \
        stroke="currentColor" stroke-width="1.9" stroke-linecap="round"/></symbol>
        <symbol id="icon-failed" viewBox="0 0 16 16"><path d="M4 4l8 8M12 4l-8 8" fill="none" stroke="currentColor" \
        stroke-width="2.2" stroke-linecap="round"/></symbol>
        <symbol id="icon-timed_out" viewBox="0 0 16 16"><circle cx="8" cy="8" r="5.8" fill="none" stroke="currentColor" \
        stroke-width="1.9"/><path d="M8 4.8V8l2.2 1.6" fill="none" stroke="currentColor" stroke-width="1.9" \
        stroke-linecap="round" stroke-linejoin="round"/></symbol>
        <symbol id="icon-absent" viewBox="0 0 16 16"><path d="M4 8h8" fill="none" stroke="currentColor" \
        stroke-width="2.2" stroke-linecap="round"/></symbol>
        <symbol id="icon-missing" viewBox="0 0 16 16"><circle cx="8" cy="8" r="5.2" fill="none" stroke="currentColor" \
        stroke-width="1.8" stroke-dasharray="2.4 2.4"/></symbol>
        </defs></svg>
        """
}
