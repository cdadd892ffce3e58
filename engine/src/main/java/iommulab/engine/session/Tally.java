package iommulab.engine.session;

import iommulab.engine.session.MachineSnapshot.Counters;

/// Counters of a machine or of one IOMMU while it runs. One engine thread owns it.
final class Tally {
    long requests;
    long bytes;
    long hits;
    long walks;
    long reads;
    long faults;
    long stale;
    long peer;
    long blocked;
    long bypassed;
    long interrupts;
    long cycles;

    Counters toValue() {
        return new Counters(
                requests,
                bytes,
                hits,
                walks,
                reads,
                faults,
                stale,
                peer,
                blocked,
                bypassed,
                interrupts,
                cycles);
    }

    void set(Counters then) {
        requests = then.requests();
        bytes = then.bytes();
        hits = then.hits();
        walks = then.walks();
        reads = then.reads();
        faults = then.faults();
        stale = then.stale();
        peer = then.peer();
        blocked = then.blocked();
        bypassed = then.bypassed();
        interrupts = then.interrupts();
        cycles = then.cycles();
    }
}
