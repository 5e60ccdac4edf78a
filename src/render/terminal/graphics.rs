//! What a terminal can show.

/// The terminal behind standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terminal {
    /// Letters a line.
    pub columns: usize,
    /// How it draws.
    pub graphics: Graphics,
}

/// The best way to draw in a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Graphics {
    /// <https://sw.kovidgoyal.net/kitty/graphics-protocol/>
    Kitty,
    /// <https://iterm2.com/documentation-images.html>
    ITerm,
    /// Half blocks, two pixels above one another.
    Blocks(Depth),
    /// Digits: no colours, or no terminal.
    Plain,
}

/// How many colours there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// 24 bits.
    True,
    /// xterm's 256.
    Palette,
}
