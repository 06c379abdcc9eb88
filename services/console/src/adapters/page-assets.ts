/** The style of the page, light and dark. */
export const pageStyle = `
:root{--ink:#1c2430;--soft:#5a6577;--line:#dde2ea;--paper:#f6f7f9;--card:#fff;--good:#0a7d45;--warn:#a15c00;--bad:#b3261e;--link:#1a56c4}
@media (prefers-color-scheme:dark){:root{--ink:#e6eaf1;--soft:#9aa5b8;--line:#2b3340;--paper:#12161c;--card:#1a2029;--good:#4cc38a;--warn:#f0a94a;--bad:#ff8a80;--link:#8ab4ff}}
*{box-sizing:border-box}
body{margin:0 auto;padding:2.5rem 1.25rem 3rem;max-width:62rem;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,sans-serif}
h1{margin:0;font-size:2rem;letter-spacing:-.02em}
h2{margin:2.25rem 0 .75rem;font-size:1.15rem}
h3{display:flex;justify-content:space-between;gap:1rem;margin:0;font-size:1.05rem}
p{margin:.4rem 0}
header p,footer,.card p,.meta{color:var(--soft)}
code{font:.9em ui-monospace,monospace}
a{color:var(--link)}
a:focus-visible{outline:2px solid var(--link);outline-offset:2px}
.summary{margin-top:1.5rem;font-weight:600}
.pipeline{padding:.9rem 1rem;border:1px solid var(--line);border-radius:.6rem;background:var(--card);line-height:2}
.pipeline i{color:var(--soft);font-style:normal}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(17.5rem,1fr));gap:1rem;margin:0;padding:0;list-style:none}
.card{padding:1rem 1.1rem;border:1px solid var(--line);border-left:.3rem solid var(--tone);border-radius:.6rem;background:var(--card)}
.state{color:var(--tone);font-size:.85rem;font-weight:600;white-space:nowrap}
.ready{--tone:var(--good)}.not-ready{--tone:var(--warn)}.unreachable{--tone:var(--bad)}
.summary,.pipeline b{color:var(--tone)}
.problems{margin:.5rem 0;padding-left:1.1rem;color:var(--tone);font-size:.9rem;overflow-wrap:anywhere}
.meta{font-size:.85rem;overflow-wrap:anywhere}
table{width:100%;border-collapse:collapse;background:var(--card);border:1px solid var(--line)}
th,td{padding:.4rem .8rem;border-bottom:1px solid var(--line);text-align:left}
th{color:var(--soft);font-size:.85rem;font-weight:600}
footer{margin-top:2rem;font-size:.9rem}
`;

/** Refreshes the page: replaces its content by what the server renders, so that there is one rendering. */
export const pageScript = `
const live=document.getElementById('live'),age=document.getElementById('age');
async function refresh(){
  if(document.hidden)return;
  try{
    const text=await (await fetch('/',{cache:'no-store'})).text();
    const page=new DOMParser().parseFromString(text,'text/html');
    const next=page.getElementById('live');
    if(next&&next.innerHTML!==live.innerHTML)live.innerHTML=next.innerHTML;
    document.title=page.title;
    age.textContent='Up to date.';
  }catch{
    age.textContent='The console does not answer; what you see is from '+new Date().toLocaleTimeString()+' or before.';
  }
}
setInterval(refresh,2000);
document.addEventListener('visibilitychange',refresh);
`;
