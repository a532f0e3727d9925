#!/bin/zsh -f
# SPDX-License-Identifier: GPL-2.0-or-later
# complete.zsh DIR LINE prints what an interactive zsh, whose completions are in DIR, offers behind LINE, one a line; $XRUN and $STORE are xrun's.
# It runs in a pseudoterminal, since completion is the line editor's; every match passes compadd, which tells of it here.
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "PS1= PS2=; stty -echo; unsetopt zle; fpath=(${(q)1} \$fpath); autoload -Uz compinit; compinit -u -D; zmodload zsh/complist; setopt zle
xrun() { \$XRUN --root \$STORE \"\$@\"; }
compadd() {
	local -a hits
	[[ \${@[1,(i)(-|--)]} == *-(O|A|D)* ]] && { builtin compadd \"\$@\"; return; }
	builtin compadd -A hits \"\$@\"; print -l -- offers:\$^hits; builtin compadd \"\$@\"
}
told() { zle complete-word; print; print -- the-end; exit; }
zle -N told; bindkey '^T' told; print -- re''ady"
zpty -r -m shell _ '*ready*'
zpty -w -n shell "$2"$'\x14'
zpty -r -m shell said '*the-end*'
print -r -- "$said" | tr -d '\r' | sed -n 's/^.*offers://p' | sort -u
zpty -d shell
