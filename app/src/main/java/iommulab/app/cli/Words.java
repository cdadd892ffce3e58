package iommulab.app.cli;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;

/// What the file system says, in words for people.
final class Words {
    private Words() {}

    static String of(IOException failure) {
        return switch (failure) {
            case NoSuchFileException missing -> missing.getFile() + ": there is no such file";
            case AccessDeniedException denied -> denied.getFile() + ": access is not permitted";
            case FileAlreadyExistsException there -> there.getFile() + ": it already exists";
            case FileSystemException other when other.getReason() == null ->
                    other.getFile() + ": it cannot be used";
            default -> String.valueOf(failure.getMessage());
        };
    }
}
