package iommulab.engine.os.iommufd;

import iommulab.engine.os.CallTable;
import iommulab.engine.os.OpenFile;
import iommulab.engine.os.OpenFiles;
import iommulab.engine.os.call.Action;
import iommulab.engine.os.call.Answer;
import iommulab.engine.os.call.Arguments;
import iommulab.engine.os.call.BadArgument;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.process.Process;
import iommulab.engine.os.process.Processes;
import iommulab.engine.os.state.Ledger;

import java.util.List;
import java.util.Map;

/// What a driver inside the kernel does with a software access, played by hand.
public final class AccessCalls implements CallTable {
    private final Ledger ledger;
    private final OpenFiles files;
    private final Processes processes;

    public AccessCalls(Ledger ledger, OpenFiles files, Processes processes) {
        this.ledger = ledger;
        this.files = files;
        this.processes = processes;
    }

    /// A driver's hold on an access.
    private static final class Driver extends OpenFile {
        private final SoftwareAccess access;

        Driver(Ledger ledger, String handle, Process opener, SoftwareAccess access) {
            super(ledger, handle, opener);
            this.access = access;
        }

        @Override
        public String kind() {
            return "driver";
        }

        @Override
        public List<Held> holds() {
            return List.of(Held.within(access.file(), access.key(), "in-kernel user"));
        }

        @Override
        protected void release() {
            try {
                access.close();
            } catch (CallFailed failed) {
                throw new IllegalStateException("closing " + access, failed);
            }
        }
    }

    @Override
    public Map<String, Action> actions() {
        return Map.of(
                "iommufd.k_access_create", this::create,
                "iommufd.k_access_attach", this::attach,
                "iommufd.k_access_replace", this::replace,
                "iommufd.k_access_pin", this::pin,
                "iommufd.k_access_unpin", this::unpin,
                "iommufd.k_access_rw", this::readOrWrite,
                "iommufd.k_access_destroy", this::destroy);
    }

    private Answer create(Arguments a) throws CallFailed, BadArgument {
        var file = files.required(a, "iommufd", Iommufd.class);
        var access = new SoftwareAccess(file, a.flag("needs_pin", false));
        if (a.has("ioas_id")) {
            access.attach(file.require(a, "ioas_id", IoAddressSpace.class));
        }
        var driver = new Driver(ledger, files.newHandle("access"), file.opener(), access);
        files.add(driver);
        return Answer.OK.with("access", driver.handle()).with("access_id", access.id());
    }

    private SoftwareAccess access(Arguments a) throws CallFailed, BadArgument {
        return files.required(a, "access", Driver.class).access;
    }

    private static IoAddressSpace space(SoftwareAccess access, Arguments a)
            throws CallFailed, BadArgument {
        return access.file().require(a, "ioas_id", IoAddressSpace.class);
    }

    private Answer attach(Arguments a) throws CallFailed, BadArgument {
        var access = access(a);
        access.attach(space(access, a));
        return Answer.OK;
    }

    private Answer replace(Arguments a) throws CallFailed, BadArgument {
        var access = access(a);
        access.replace(space(access, a));
        return Answer.OK;
    }

    private Answer pin(Arguments a) throws CallFailed, BadArgument {
        int pin = access(a).pin(a.number("iova"), a.number("length"), a.flag("write", false));
        return Answer.OK.with("pin", pin);
    }

    private Answer unpin(Arguments a) throws CallFailed, BadArgument {
        access(a).unpinHeld((int) a.number("pin"));
        return Answer.OK;
    }

    private Answer readOrWrite(Arguments a) throws CallFailed, BadArgument {
        long hpa =
                access(a).readOrWrite(a.number("iova"), a.number("length"), a.flag("write", false));
        return Answer.OK.with(
                "host", processes.pages().nameOf(hpa).orElse("phys+0x%x".formatted(hpa)));
    }

    private Answer destroy(Arguments a) throws CallFailed, BadArgument {
        files.close(files.required(a, "access", Driver.class));
        return Answer.OK;
    }
}
