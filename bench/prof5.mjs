import { haco } from '@haco/core';
const root='/tmp/p/root'; const N=Number(process.argv[2]??2000); const mode=process.argv[3];
const times=[], ex=[];
for (let i=0;i<N;i++){ let b=haco().unshare('pid','uts','ipc','mount','cgroup','time').chroot(root).independent('procfs','dev').tmpfs('/tmp').caps('none').noNewPrivileges();
 if(mode==='limits') b=b.cpu(100).memory('256MiB').pids(64);
 b = b.command('/bin/true');
 const c=process.cpuUsage(); const t=process.hrtime.bigint(); const r=await b.run(); if(r.isErr()) throw new Error(r.error.message); times.push(Number(process.hrtime.bigint()-t)/1e6); const d=process.cpuUsage(c); ex.push((d.user+d.system)/1e3)}
times.sort((a,b)=>a-b); ex.sort((a,b)=>a-b);
console.log(mode,'median',times[N/2].toFixed(3),'p10',times[N/10].toFixed(3),'cpu median',ex[N/2].toFixed(3));
