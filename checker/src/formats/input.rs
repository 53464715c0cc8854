//! The bytes of a history: unpacked, buffered, and cut into lines or bracketed forms of bounded length.

use std::io::{self, BufRead, Read};

use flate2::bufread::MultiGzDecoder;

use super::FormatError;

pub(super) const CHUNK_BYTES: usize = 64 << 10;
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// A source of bytes that knows its line.
pub(super) struct Input<'r> {
    inner: Box<dyn Read + 'r>,
    chunk: Vec<u8>,
    at: usize,
    /// The line of the next byte, from 1.
    pub(super) line: u64,
    record_bytes: usize,
}

/// How forms are written where there are no lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Syntax {
    Json,
    Edn,
}

impl<'r> Input<'r> {
    pub(super) fn new(mut bytes: impl BufRead + 'r, record_bytes: usize) -> Result<Input<'r>, FormatError> {
        let mut magic = Vec::with_capacity(2);
        bytes.by_ref().take(2).read_to_end(&mut magic).map_err(|error| unreadable(1, &error))?;
        let packed = magic == GZIP_MAGIC;
        let bytes = io::Cursor::new(magic).chain(bytes);
        let inner: Box<dyn Read + 'r> = if packed { Box::new(MultiGzDecoder::new(bytes)) } else { Box::new(bytes) };
        Ok(Input { inner, chunk: Vec::new(), at: 0, line: 1, record_bytes })
    }

    pub(super) fn record_bytes(&self) -> usize {
        self.record_bytes
    }

    /// The first bytes, up to 64 KiB, without taking them.
    pub(super) fn prefix(&mut self) -> Result<&[u8], FormatError> {
        if self.chunk.is_empty() {
            self.refill()?;
        }
        Ok(&self.chunk)
    }

    /// Takes a byte order mark, if there is one: editors on Windows write it.
    pub(super) fn skip_byte_order_mark(&mut self) -> Result<(), FormatError> {
        if self.prefix()?.starts_with(b"\xef\xbb\xbf") && self.at == 0 {
            self.at = 3;
        }
        Ok(())
    }

    fn refill(&mut self) -> Result<bool, FormatError> {
        self.chunk.clear();
        self.at = 0;
        let limit = u64::try_from(CHUNK_BYTES).expect("a small constant");
        let read = self.inner.by_ref().take(limit).read_to_end(&mut self.chunk);
        read.map(|read| read > 0).map_err(|error| unreadable(self.line, &error))
    }

    fn byte(&mut self) -> Result<Option<u8>, FormatError> {
        if self.at == self.chunk.len() && !self.refill()? {
            return Ok(None);
        }
        let byte = self.chunk[self.at];
        self.at += 1;
        if byte == b'\n' {
            self.line += 1;
        }
        Ok(Some(byte))
    }

    /// The next line, without its end, into `line`; false at the end of the file.
    pub(super) fn next_line(&mut self, line: &mut Vec<u8>) -> Result<bool, FormatError> {
        line.clear();
        let mut any = false;
        loop {
            if self.at == self.chunk.len() && !self.refill()? {
                return Ok(any);
            }
            any = true;
            let rest = &self.chunk[self.at..];
            let end = rest.iter().position(|&byte| byte == b'\n');
            line.extend_from_slice(&rest[..end.unwrap_or(rest.len())]);
            self.at += end.map_or(rest.len(), |end| end + 1);
            if line.len() > self.record_bytes {
                return Err(self.too_long(self.line));
            }
            if end.is_some() {
                self.line += 1;
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                return Ok(true);
            }
        }
    }

    fn too_long(&self, line: u64) -> FormatError {
        let reason = format!("longer than {} bytes, the limit of a line or operation", self.record_bytes);
        FormatError { line, reason }
    }

    /// The next byte that is no space or comment. The comma is space to EDN.
    pub(super) fn next_token(&mut self, syntax: Syntax) -> Result<Option<u8>, FormatError> {
        while let Some(byte) = self.byte()? {
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' | 0x0c => {}
                b',' if syntax == Syntax::Edn => {}
                b';' if syntax == Syntax::Edn => self.skip_comment()?,
                _ => return Ok(Some(byte)),
            }
        }
        Ok(None)
    }

    fn skip_comment(&mut self) -> Result<(), FormatError> {
        while !matches!(self.byte()?, None | Some(b'\n')) {}
        Ok(())
    }

    /// Copies the form that begins with `first`, which was just taken, up to the bracket that closes it.
    pub(super) fn form(&mut self, first: u8, syntax: Syntax, form: &mut Vec<u8>) -> Result<(), FormatError> {
        let begun = self.line;
        form.clear();
        form.push(first);
        let mut depth = usize::from(first == b'{');
        while let Some(byte) = self.byte()? {
            form.push(byte);
            match byte {
                b'{' | b'[' | b'(' => depth += 1,
                b'}' | b']' | b')' => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        return Ok(());
                    }
                }
                b'"' => self.copy_string(form)?,
                // the new line ends the comment, so it stays
                b';' if syntax == Syntax::Edn => {
                    form.pop();
                    self.skip_comment()?;
                    form.push(b'\n');
                }
                // a character literal may be a bracket or a quote
                b'\\' if syntax == Syntax::Edn => form.extend(self.byte()?),
                _ => {}
            }
            if form.len() > self.record_bytes {
                return Err(self.too_long(begun));
            }
        }
        Err(FormatError { line: begun, reason: "the file ends inside the operation that begins here".to_owned() })
    }

    fn copy_string(&mut self, form: &mut Vec<u8>) -> Result<(), FormatError> {
        let begun = self.line;
        while let Some(byte) = self.byte()? {
            form.push(byte);
            match byte {
                b'"' => return Ok(()),
                b'\\' => form.extend(self.byte()?),
                _ => {}
            }
            if form.len() > self.record_bytes {
                return Err(self.too_long(begun));
            }
        }
        Err(FormatError { line: begun, reason: "the file ends inside the string that begins here".to_owned() })
    }
}

impl Read for Input<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at == self.chunk.len() && !self.refill().map_err(|error| io::Error::other(error.reason))? {
            return Ok(0);
        }
        let taken = buffer.len().min(self.chunk.len() - self.at);
        buffer[..taken].copy_from_slice(&self.chunk[self.at..self.at + taken]);
        self.at += taken;
        Ok(taken)
    }
}

fn unreadable(line: u64, error: &io::Error) -> FormatError {
    FormatError { line, reason: format!("can't be read: {error}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_past_the_limit_is_an_error_that_names_its_line() {
        let mut input = Input::new(&b"short\nmuch too long\n"[..], 8).unwrap();
        let mut line = Vec::new();
        assert!(input.next_line(&mut line).unwrap());
        assert_eq!(line, b"short");
        assert_eq!(input.next_line(&mut line).unwrap_err().line, 2);
    }

    #[test]
    fn a_form_ends_at_its_own_bracket() {
        let mut input = Input::new(&b"{:a \"}\" :b \\} ; }\n :c [1]} {:d 1}"[..], 100).unwrap();
        let mut form = Vec::new();
        let first = input.next_token(Syntax::Edn).unwrap().unwrap();
        input.form(first, Syntax::Edn, &mut form).unwrap();
        assert_eq!(form, b"{:a \"}\" :b \\} \n :c [1]}");
    }
}
