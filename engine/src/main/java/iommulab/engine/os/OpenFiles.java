package iommulab.engine.os;

import iommulab.engine.os.call.Answer;
import iommulab.engine.os.call.Arguments;
import iommulab.engine.os.call.BadArgument;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.state.Book;
import iommulab.engine.os.state.Ledger;

import java.util.Collection;
import java.util.Optional;

/// All descriptors of all processes, by the name that users give them in calls. The word `bad` is a
/// descriptor that nothing is behind.
public final class OpenFiles {
    private final Book<String, OpenFile> byHandle;
    private final Book<String, Integer> numbers;

    OpenFiles(Ledger ledger) {
        byHandle = new Book<>(ledger);
        numbers = new Book<>(ledger);
    }

    /// A handle that was never used: `iommufd1`, `iommufd2` …
    public String newHandle(String kind) {
        int number = numbers.find(kind).orElse(0) + 1;
        numbers.set(kind, number);
        return kind + number;
    }

    /// Gives a file its descriptor.
    public void add(OpenFile file) {
        byHandle.set(file.handle(), file);
    }

    public Collection<OpenFile> all() {
        return byHandle.all().values();
    }

    public Optional<OpenFile> find(String handle) {
        return byHandle.find(handle);
    }

    /// The file behind an argument.
    ///
    /// @throws CallFailed (EBADF) if nothing is behind the descriptor
    public OpenFile any(Arguments arguments, String argument) throws CallFailed, BadArgument {
        var handle = arguments.word(argument);
        var file = find(handle);
        if (file.isEmpty()) {
            throw new CallFailed("EBADF", "'%s' is no open file.".formatted(handle));
        }
        return file.get();
    }

    /// The file of a kind behind an argument.
    ///
    /// @throws BadArgument if it is of another kind: the call does not exist on such a file
    /// @throws CallFailed (EBADF) if nothing is behind the descriptor
    public <T extends OpenFile> T required(Arguments arguments, String argument, Class<T> kind)
            throws CallFailed, BadArgument {
        var file = any(arguments, argument);
        if (!kind.isInstance(file)) {
            throw arguments.wrong(
                    argument,
                    arguments.value(argument),
                    "the handle of an open file that has this call");
        }
        return kind.cast(file);
    }

    /// Takes the descriptor away; the file may live on.
    public void close(OpenFile file) {
        byHandle.remove(file.handle());
        file.drop();
    }

    /// Takes the descriptor away, as `close` does, and says whether the file lives on.
    public Answer closed(OpenFile file) {
        close(file);
        return file.references() == 0
                ? Answer.OK
                : Answer.OK.because(
                        "%s lives on: %s to it still."
                                .formatted(
                                        file,
                                        file.references() == 1
                                                ? "one other refers"
                                                : file.references() + " others refer"));
    }
}
