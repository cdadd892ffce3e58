package iommulab.engine.os.kvm;

import iommulab.engine.os.CallTable;
import iommulab.engine.os.OpenFiles;
import iommulab.engine.os.call.Action;
import iommulab.engine.os.call.Answer;
import iommulab.engine.os.call.Arguments;
import iommulab.engine.os.call.BadArgument;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.call.Value;
import iommulab.engine.os.process.Processes;
import iommulab.engine.os.state.Ledger;

import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/// Calls on virtual machines and their lists of VFIO files, and what their virtual CPUs do.
public final class KvmCalls implements CallTable {
    private static final List<String> ATTRIBUTES = List.of("ADD", "DEL");

    /// The second one is the old name of the same number.
    private static final List<String> GROUPS = List.of("FILE", "GROUP");

    private final Ledger ledger;
    private final OpenFiles files;
    private final Processes processes;
    private final Consumer<VirtualMachine> ended;

    /// @param ended is told of each machine that nobody refers to any more
    public KvmCalls(
            Ledger ledger, OpenFiles files, Processes processes, Consumer<VirtualMachine> ended) {
        this.ended = ended;
        this.ledger = ledger;
        this.files = files;
        this.processes = processes;
    }

    @Override
    public Map<String, Action> actions() {
        return Map.of(
                "kvm.vm_create", this::create,
                "kvm.vm_close", this::close,
                "kvm.vfio_device_create", this::createList,
                "kvm.set_attr", this::setAttribute,
                "kvm.has_attr", this::hasAttribute,
                "kvm.device_close", this::closeList,
                "kvm.coherency", this::coherency,
                "kvm.vcpu_load", this::load,
                "kvm.guest_wbinvd", this::writeBack);
    }

    private Answer create(Arguments a) throws BadArgument {
        var opener = processes.acting(a, processes.first());
        var machine = new VirtualMachine(ledger, files.newHandle("vm"), opener, ended);
        files.add(machine);
        return Answer.OK.with("vm", machine.handle());
    }

    /// Source: kernel `kvm_vm_release`.
    private Answer close(Arguments a) throws CallFailed, BadArgument {
        return files.closed(machine(a));
    }

    private VirtualMachine machine(Arguments a) throws CallFailed, BadArgument {
        return files.required(a, "vm", VirtualMachine.class);
    }

    // ---- the list of files

    private Answer createList(Arguments a) throws CallFailed, BadArgument {
        var machine = machine(a);
        var list = new VfioList(ledger, files.newHandle("kvmdev"), machine.opener(), machine);
        files.add(list);
        return Answer.OK.with("kvmdev", list.handle());
    }

    private VfioList list(Arguments a) throws CallFailed, BadArgument {
        return files.required(a, "kvmdev", VfioList.class);
    }

    private static void requireAttribute(Arguments a) throws CallFailed, BadArgument {
        var group = a.optionalWord("group").orElse("FILE");
        if (!GROUPS.contains(group)) {
            throw new CallFailed(
                    "ENXIO", "There is no group '%s' of attributes, only FILE.".formatted(group));
        }
        if (!ATTRIBUTES.contains(a.word("attr"))) {
            throw new CallFailed(
                    "ENXIO",
                    "There is no attribute '%s': files are added and deleted, the kernel concludes the rest."
                            .formatted(a.word("attr")));
        }
    }

    private Answer hasAttribute(Arguments a) throws CallFailed, BadArgument {
        list(a);
        requireAttribute(a);
        return Answer.OK;
    }

    private Answer setAttribute(Arguments a) throws CallFailed, BadArgument {
        var list = list(a);
        requireAttribute(a);
        if (a.optionalWord("arg").orElse("").equals("null")) {
            throw new CallFailed("EFAULT", "The descriptor cannot be read from a null pointer.");
        }
        var file = files.any(a, "fd");
        if (a.word("attr").equals("ADD")) {
            list.add(file);
        } else {
            list.remove(file);
        }
        return Answer.OK;
    }

    private Answer closeList(Arguments a) throws CallFailed, BadArgument {
        files.close(list(a));
        return Answer.OK;
    }

    // ---- caches

    private Answer coherency(Arguments a) throws CallFailed, BadArgument {
        var machine = machine(a);
        return Answer.OK
                .with("noncoherent", machine.isNonCoherent())
                .with("honor_guest_memtype", machine.isNonCoherent());
    }

    private static int cpu(Arguments a, String argument) throws BadArgument {
        long number = a.number(argument, 0);
        if (number < 0 || number > 0xffff) {
            throw a.wrong(argument, a.value(argument), "the number of a CPU");
        }
        return (int) number;
    }

    private Answer load(Arguments a) throws CallFailed, BadArgument {
        machine(a).load(cpu(a, "vcpu"), cpu(a, "pcpu"));
        return Answer.OK;
    }

    private Answer writeBack(Arguments a) throws CallFailed, BadArgument {
        var machine = machine(a);
        int number = cpu(a, "vcpu");
        var cpu = machine.cpu(number);
        if (cpu.isEmpty()) {
            throw new BadArgument(
                    "%s: virtual CPU %d runs nowhere yet. Load it with kvm.vcpu_load."
                            .formatted(a.action(), number));
        }
        var where = machine.writeBack(cpu.get());
        return Answer.OK
                .with("action", where.isEmpty() ? "noop" : "flush")
                .with("pcpus", Value.ofNumbers(where))
                .because(
                        where.isEmpty()
                                ? "Every device of the machine snoops CPU caches: there is nothing"
                                        + " to write back."
                                : "A device of the machine may bypass CPU caches: those that the"
                                        + " virtual CPU used are written back.");
    }
}
