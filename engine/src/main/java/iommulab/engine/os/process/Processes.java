package iommulab.engine.os.process;

import iommulab.engine.os.call.Arguments;
import iommulab.engine.os.call.BadArgument;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.state.Book;
import iommulab.engine.os.state.Ledger;

import java.util.Collection;
import java.util.List;
import java.util.Optional;

/// All processes.
public final class Processes {
    private final Ledger ledger;
    private final PhysicalPages pages;
    private final Book<String, Process> byName;
    private final String first;

    /// @param described at least one; the first one acts where a call names none
    /// @throws CallFailed (ENOMEM) if RAM does not suffice for their memory
    public Processes(Ledger ledger, PhysicalPages pages, List<ProcessDescription> described)
            throws CallFailed {
        this.ledger = ledger;
        this.pages = pages;
        byName = new Book<>(ledger);
        first = described.getFirst().name();
        for (var description : described) {
            var memory = new AddressSpace(ledger, description.name());
            for (var buffer : description.memory()) {
                long hpa =
                        buffer.shared()
                                ? pages.shared(buffer.name(), buffer.bytes())
                                : pages.take(buffer.name(), buffer.bytes());
                memory.place(
                        buffer.name(), buffer.bytes(), hpa, buffer.writable(), buffer.shared());
            }
            add(
                    new Process(
                            ledger,
                            description.name(),
                            description.capabilities(),
                            description.memlockPages(),
                            memory));
        }
    }

    private void add(Process process) {
        byName.set(process.name(), process);
    }

    public Collection<Process> all() {
        return byName.all().values();
    }

    public Process first() {
        return byName.find(first).orElseThrow();
    }

    public Optional<Process> find(String name) {
        return byName.find(name);
    }

    /// The process of an argument.
    ///
    /// @throws BadArgument if there is none of that name
    public Process named(Arguments arguments, String argument) throws BadArgument {
        var name = arguments.word(argument);
        return find(name)
                .orElseThrow(() ->
                        new BadArgument(
                                "%s: there is no process '%s'. The processes are %s."
                                        .formatted(
                                                arguments.action(), name, byName.all().keySet())));
    }

    /// The process that an argument `process` names, or `otherwise`.
    public Process acting(Arguments arguments, Process otherwise) throws BadArgument {
        return arguments.has("process") ? named(arguments, "process") : otherwise;
    }

    /// An address of a process, given as a number or as `buf+0x1000`.
    ///
    /// @throws BadArgument if it is neither
    public static long address(Arguments arguments, String argument, Process process)
            throws BadArgument {
        var text = arguments.word(argument);
        return process.memory()
                .resolve(text)
                .orElseThrow(() ->
                        new BadArgument(
                                "%s: argument '%s' is '%s', expected an address such as buf+0x1000"
                                        .formatted(arguments.action(), argument, text)));
    }

    /// A new process with a copy of the address space of another.
    public Process fork(Process parent, String name) {
        var child =
                new Process(
                        ledger,
                        name,
                        parent.capabilities(),
                        parent.memlockPages(),
                        parent.memory().fork(ledger, name));
        add(child);
        return child;
    }

    public PhysicalPages pages() {
        return pages;
    }
}
