package iommulab.engine.os.kvm;

import iommulab.engine.os.OpenFile;
import iommulab.engine.os.SoftwareView;
import iommulab.engine.os.process.Process;
import iommulab.engine.os.state.Book;
import iommulab.engine.os.state.Cell;
import iommulab.engine.os.state.Ledger;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Consumer;

/// A virtual machine. As soon as one of its devices may bypass CPU caches, the guest's write-back
/// instruction has to be carried out for it, on every CPU that its virtual CPU ran on. Source: kernel
/// `struct kvm`, `kvm_arch_vcpu_load`, `kvm_emulate_wbinvd`.
public final class VirtualMachine extends OpenFile {
    private final Cell<Optional<VfioList>> vfioList;
    private final Book<Integer, VirtualCpu> cpus;
    private final Consumer<VirtualMachine> ended;

    /// @param ended is told when nobody refers to it any more
    VirtualMachine(Ledger ledger, String handle, Process opener, Consumer<VirtualMachine> ended) {
        super(ledger, handle, opener);
        vfioList = new Cell<>(ledger, Optional.empty());
        cpus = new Book<>(ledger);
        this.ended = ended;
    }

    @Override
    public String kind() {
        return "kvm";
    }

    /// Its list of VFIO files: at most one.
    public Cell<Optional<VfioList>> vfioList() {
        return vfioList;
    }

    /// Whether some device of it may bypass CPU caches. Then guests' memory types count too.
    public boolean isNonCoherent() {
        return vfioList.get().map(VfioList::isNonCoherent).orElse(false);
    }

    // ---- virtual CPUs

    /// By number.
    public Collection<VirtualCpu> cpus() {
        return cpus.all().values();
    }

    public Optional<VirtualCpu> cpu(int number) {
        return cpus.find(number);
    }

    /// A virtual CPU begins to run on a physical one.
    void load(int number, int on) {
        var old = cpus.find(number).map(VirtualCpu::written).orElse(new TreeSet<>());
        var next = new VirtualCpu(number, on, old);
        cpus.set(number, isNonCoherent() ? next.wroteOn(on) : next);
    }

    /// The guest writes all caches back.
    ///
    /// @return physical CPUs whose caches were written back; none if nothing had to be done
    SortedSet<Integer> writeBack(VirtualCpu cpu) {
        if (!isNonCoherent()) {
            return new TreeSet<>();
        }
        var where = cpu.wroteOn(cpu.on()).written();
        cpus.set(cpu.number(), new VirtualCpu(cpu.number(), cpu.on(), new TreeSet<>()));
        return where;
    }

    // ---- what can be seen of it

    @Override
    public String typeName() {
        return "virtual machine";
    }

    @Override
    public List<SoftwareView.Fact> facts() {
        var facts = new ArrayList<SoftwareView.Fact>();
        facts.add(SoftwareView.Fact.of("coherent", !isNonCoherent()));
        for (var cpu : cpus()) {
            facts.add(
                    SoftwareView.Fact.of(
                            "virtual CPU " + cpu.number(),
                            "on %d, not written back on %s".formatted(cpu.on(), cpu.written())));
        }
        return facts;
    }

    @Override
    protected void release() {
        ended.accept(this);
    }
}
